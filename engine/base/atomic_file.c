/* atomic_file.c - see atomic_file.h. */
#define _XOPEN_SOURCE 700 /* realpath */

#include "base/atomic_file.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static rf_status refuse(rf_error *err, const char *path)
{
    return rf_fail(err, RF_EIO, "%s: cannot be written: %s", path, strerror(errno));
}

/* The length of the folder's part of a path, with its slash. */
static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

/* "folder/.name.XXXXXX" */
static char *temporary_name(const char *path)
{
    static const char TAIL[] = ".XXXXXX";
    size_t folder = folder_length(path);
    size_t length = strlen(path);
    char *name = rf_alloc(length + sizeof TAIL + 1, 1);
    if (name != NULL) {
        memcpy(name, path, folder);
        name[folder] = '.';
        memcpy(name + folder + 1, path + folder, length - folder);
        memcpy(name + length + 1, TAIL, sizeof TAIL);
    }
    return name;
}

static mode_t default_mode(void)
{
    mode_t mask = umask(0);
    (void)umask(mask);
    return (mode_t)(0666 & ~mask);
}

/* Fills *target with the name to take: where a symbolic link leads. */
static rf_status find_target(const char *path, char **target, rf_error *err)
{
    char *real = realpath(path, NULL);
    *target = rf_copy_text(real == NULL ? path : real);
    free(real);
    return *target == NULL ? rf_fail_memory(err, path) : RF_OK;
}

static rf_status open_temporary(const char *path, mode_t mode, rf_atomic_file *out, rf_error *err)
{
    int descriptor;
    rf_status status = find_target(path, &out->path, err);
    if (status != RF_OK) {
        return status;
    }
    out->temporary = temporary_name(out->path);
    if (out->temporary == NULL) {
        return rf_fail_memory(err, path);
    }
    descriptor = mkstemp(out->temporary);
    if (descriptor < 0) {
        status = refuse(err, path);
        rf_free(out->temporary);
        out->temporary = NULL; /* there is nothing to remove */
        return status;
    }
    if (fchmod(descriptor, mode) != 0 || (out->file = fdopen(descriptor, "w")) == NULL) {
        status = refuse(err, path);
        (void)close(descriptor);
    }
    return status;
}

rf_status rf_atomic_open(const char *path, rf_atomic_file *out, rf_error *err)
{
    struct stat found;
    mode_t mode;
    rf_status status = RF_OK;
    *out = (rf_atomic_file){.name = path};
    if (strcmp(path, "-") == 0) {
        out->file = stdout;
        return RF_OK;
    }
    if (stat(path, &found) == 0) {
        if (S_ISDIR(found.st_mode)) {
            status = rf_fail(err, RF_EINPUT, "%s: is a folder; name a file", path);
        } else if (!S_ISREG(found.st_mode)) {
            out->file = fopen(path, "w");
            return out->file == NULL ? refuse(err, path) : RF_OK;
        }
        mode = found.st_mode & 0777;
    } else {
        mode = default_mode();
    }
    if (status == RF_OK) {
        status = open_temporary(path, mode, out, err);
    }
    if (status != RF_OK) {
        rf_atomic_drop(out);
    }
    return status;
}

/* A rename is on the disk only when its folder is; not every file system can sync one. */
static void sync_folder(const char *path)
{
    size_t length = folder_length(path);
    char *folder = length == 0 ? rf_copy_text(".") : rf_copy_text(path);
    int descriptor;
    if (folder == NULL) {
        return;
    }
    if (length > 0) {
        folder[length] = '\0';
    }
    descriptor = open(folder, O_RDONLY);
    if (descriptor >= 0) {
        (void)fsync(descriptor);
        (void)close(descriptor);
    }
    rf_free(folder);
}

rf_status rf_atomic_commit(rf_atomic_file *file, rf_error *err)
{
    rf_status status = RF_OK;
    errno = 0;
    if (fflush(file->file) != 0 || ferror(file->file) != 0) {
        status = rf_fail(err, RF_EIO, "%s: could not be written in full: %s", file->name,
                         errno != 0 ? strerror(errno) : "the disk may be full");
    }
    if (status == RF_OK && file->path != NULL && fsync(fileno(file->file)) != 0) {
        status = refuse(err, file->name);
    }
    if (file->file != stdout) {
        if (fclose(file->file) != 0 && status == RF_OK) {
            status = refuse(err, file->name);
        }
        file->file = NULL;
    }
    if (status == RF_OK && file->path != NULL) {
        if (rename(file->temporary, file->path) != 0) {
            status = refuse(err, file->name);
        } else {
            sync_folder(file->path);
            rf_free(file->temporary);
            file->temporary = NULL;
        }
    }
    rf_atomic_drop(file);
    return status;
}

void rf_atomic_drop(rf_atomic_file *file)
{
    if (file->file != NULL && file->file != stdout) {
        (void)fclose(file->file);
    }
    if (file->temporary != NULL) {
        (void)unlink(file->temporary);
    }
    rf_free(file->temporary);
    rf_free(file->path);
    *file = (rf_atomic_file){0};
}
