/* embedded.h - the texts of schema/ and queries/, put into the program by the Makefile. */
#ifndef RF_STORE_EMBEDDED_H
#define RF_STORE_EMBEDDED_H

typedef struct rf_embedded {
    const char *name; /* file name without folder and ".sql" */
    const char *text; /* NUL-terminated */
} rf_embedded;

/* Both sorted by name and ended by a NULL name. schema/ file n (from 1) is migration step n. */
extern const rf_embedded rf_schema_steps[];
extern const rf_embedded rf_canned_queries[];

#endif
