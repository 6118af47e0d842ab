/* version.h - the version of the program, stored with every run. */
#ifndef RF_VERSION_H
#define RF_VERSION_H

#define RF_VERSION "0.1.0"

#endif
