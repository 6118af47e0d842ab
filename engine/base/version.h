/* version.h - the program's version, written into every run. */
#ifndef RF_BASE_VERSION_H
#define RF_BASE_VERSION_H

#define RF_VERSION "0.1.0"

#endif
