/* user.c - see user.h. */
#include "command/user.h"

#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

const char *rf_user_name(char out[RF_USER_NAME])
{
    char room[4096];
    struct passwd entry;
    struct passwd *found = NULL;
    if (getpwuid_r(getuid(), &entry, room, sizeof room, &found) == 0 && found != NULL &&
        found->pw_name[0] != '\0') {
        (void)snprintf(out, RF_USER_NAME, "%s", found->pw_name);
    } else {
        (void)snprintf(out, RF_USER_NAME, "user %lu", (unsigned long)getuid());
    }
    return out;
}
