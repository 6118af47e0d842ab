/* store_private.h - the inside of a store, for the files of engine/store that speak to SQLite. */
#ifndef RF_STORE_STORE_PRIVATE_H
#define RF_STORE_STORE_PRIVATE_H

#include "store/store.h"

#include <sqlite3.h>

struct rf_store {
    sqlite3 *db;
    char *path;
    bool
        still; /* in a reading transaction whose state is wholly in the database file: snapshot.h */
};

#endif
