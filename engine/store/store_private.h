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

/* Turns an SQLite result into a status, with what to do next where that is known. */
rf_status rf_store_error(const rf_store *store, int code, rf_error *err);

#endif
