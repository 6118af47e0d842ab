/* measure.c - runs a command and writes one line: wall seconds, CPU seconds, peak memory in MiB.
 *
 *     measure NAME COMMAND [ARGUMENTS]...
 *
 * The line goes to standard output, what the command writes to standard error. Exits as the
 * command.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
    struct rusage used;
    double const started = now();
    pid_t child;
    int status = 0;
    if (argc < 3) {
        (void)fprintf(stderr, "usage: measure NAME COMMAND [ARGUMENTS]...\n");
        return 2;
    }
    child = fork();
    if (child == 0) {
        (void)dup2(STDERR_FILENO, STDOUT_FILENO);
        (void)execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child ||
        getrusage(RUSAGE_CHILDREN, &used) != 0) {
        perror("measure");
        return 1;
    }
    (void)printf("%-28s %8.1f s wall %8.1f s CPU %8.0f MiB\n", argv[1], now() - started,
                 seconds(used.ru_utime) + seconds(used.ru_stime), (double)used.ru_maxrss / 1024);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
