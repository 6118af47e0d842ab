/* user.h - whose hand it is: the name that decisions and exceptions are signed with. */
#ifndef RF_COMMAND_USER_H
#define RF_COMMAND_USER_H

enum { RF_USER_NAME = 128 };

/* The login name of the user that runs the program; its number when it has no name. Returns out. */
const char *rf_user_name(char out[RF_USER_NAME]);

#endif
