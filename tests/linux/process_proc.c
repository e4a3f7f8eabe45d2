// SPDX-License-Identifier: MIT
// What a process finds about itself in /proc, and its CPU time.
#include "tests/linux/check.h"

#include <dirent.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <time.h>

static int listed(const char* directory, const char* name) {
    DIR* list = opendir(directory);
    if (!list) return -1;
    int found = 0;
    for (struct dirent* entry; (entry = readdir(list));) found += strcmp(entry->d_name, name) == 0;
    rewinddir(list);
    for (struct dirent* entry; (entry = readdir(list));) found += strcmp(entry->d_name, name) == 0;
    closedir(list);
    return found;
}

static void descriptors(void) {
    put_file("file", "x");
    int fd = open("file", O_RDONLY);
    char name[64], path[100], link[300] = "";
    snprintf(name, sizeof name, "%d", dup2(fd, 55));
    EQUAL(listed("/proc/self/fd", name), 2);
    EQUAL(listed("/proc/self/fd", "54"), 0);
    EQUAL(listed("/proc/self/fd", "."), 2);
    snprintf(path, sizeof path, "/proc/%d/fd", getpid());
    EQUAL(listed(path, name), 2);
    int p[2];
    EQUAL(pipe(p), 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", p[0]);
    TRUE(readlink(path, link, sizeof link - 1) > 0 && strncmp(link, "pipe:[", 6) == 0);
    DIR* list = opendir("/proc/self/fd");
    struct stat st, same;
    EQUAL(fstatat(dirfd(list), name, &st, 0), 0);
    EQUAL(fstat(55, &same), 0);
    EQUAL(st.st_ino, same.st_ino);
    EQUAL(fstatat(dirfd(list), name, &st, AT_SYMLINK_NOFOLLOW), 0);
    TRUE(S_ISLNK(st.st_mode));
    closedir(list);
    close(55);
    EQUAL(listed("/proc/self/fd", name), 0);
    FAILS(open("/proc/self/fd/55", O_RDONLY), ENOENT);
    FAILS(readlink("/proc/self/fd/55", link, sizeof link), ENOENT);
    FAILS(lstat("/proc/self/fd/55", &st), ENOENT);
    FAILS(stat("/proc/self/fd/55", &st), ENOENT);
}

static void* sleeper(void* argument) {
    pthread_mutex_lock(argument);
    pthread_mutex_unlock(argument);
    return NULL;
}

static void threads(void) {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&mutex);
    pthread_t thread;
    EQUAL(pthread_create(&thread, NULL, sleeper, &mutex), 0);
    DIR* list = opendir("/proc/self/task");
    TRUE(list != NULL);
    int count = 0, own = 0;
    for (struct dirent* entry; list && (entry = readdir(list));) {
        count += entry->d_name[0] != '.';
        own += atoi(entry->d_name) == getpid();
    }
    EQUAL(count, 2);
    EQUAL(own, 1);
    if (list) closedir(list);
    pthread_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
}

// proc(5): ID PARENT MAJOR:MINOR ROOT PATH OPTIONS [MORE...] - TYPE SOURCE OPTIONS
static void mount_info(void) {
    struct stat root;
    EQUAL(stat("/", &root), 0);
    int is_root = 0;  // of the last one that is mounted at the top
    FILE* file = fopen("/proc/self/mountinfo", "r");
    TRUE(file != NULL);
    char line[1000];
    while (file && fgets(line, sizeof line, file)) {
        int id, parent, major, minor;
        char path[300], options[300], type[100];
        EQUAL(sscanf(line, "%d %d %d:%d %*s %299s %299s", &id, &parent, &major, &minor, path,
                     options),
              6);
        TRUE(strncmp(options, "rw", 2) == 0 || strncmp(options, "ro", 2) == 0);
        const char* rest = strstr(line, " - ");
        TRUE(rest != NULL && sscanf(rest, " - %99s %*s %299s", type, options) == 2);
        if (strcmp(path, "/") != 0) continue;
        is_root = makedev((unsigned)major, (unsigned)minor) == root.st_dev;
    }
    TRUE(is_root);
    if (file) fclose(file);
}

static void texts(void) {
    char cwd[300], link[300] = "";
    TRUE(getcwd(cwd, sizeof cwd) != NULL);
    TRUE(readlink("/proc/self/cwd", link, sizeof link - 1) > 0);
    EQUAL(strcmp(cwd, link), 0);
    TRUE(strlen(get_file("/proc/mounts")) > 10);
    TRUE(strstr(get_file("/proc/self/mounts"), " / ") != NULL);
    mount_info();
    pid_t child = fork();
    if (child == 0) {
        char* environment[] = {"FIRST=1", "SECOND=two", NULL};
        execle("/bin/sh", "sh", "-c", "tr '\\0' ' ' < /proc/self/environ", (char*)0, environment);
        _exit(1);
    }
    EQUAL(status_of(child), 0);
    TRUE(strchr(get_file("/proc/self/maps"), '-') != NULL);
    int fd = open("/proc/self/environ", O_RDONLY);
    char text[10];
    ssize_t length = read(fd, text, 5);
    EQUAL(lseek(fd, 0, SEEK_SET), 0);
    char again[10];
    EQUAL(read(fd, again, 5), length);
    TRUE(length <= 0 || memcmp(text, again, (size_t)length) == 0);
    close(fd);
}

static void* named_sleeper(void* argument) {
    prctl(PR_SET_NAME, "helper");
    char byte = 'x';
    write(*(int*)argument, &byte, 1);
    pause();
    return NULL;
}

// Opens, goes somewhere, has a thread, changes its first variable; and says when all that is done.
static void be_looked_at(int tell) {
    if (dup2(open("file", O_RDONLY), 60) != 60) _exit(1);
    if (mkdir("sub", 0755) != 0 || chdir("sub") != 0) _exit(1);
    environ[0][0] = '!';
    pthread_t thread;
    if (pthread_create(&thread, NULL, named_sleeper, &tell) != 0) _exit(1);
    for (;;) pause();
}

static char* of_process(pid_t pid, const char* name) {
    static char path[100];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    return path;
}

static const char* link_of(pid_t pid, const char* name) {
    static char link[400];
    ssize_t length = readlink(of_process(pid, name), link, sizeof link - 1);
    link[length < 0 ? 0 : length] = '\0';
    return link;
}

// The thread's id that is not the process's own.
static int other_thread(pid_t pid) {
    DIR* list = opendir(of_process(pid, "task"));
    int other = 0, count = 0;
    for (struct dirent* entry; list && (entry = readdir(list));) {
        count += entry->d_name[0] != '.';
        if (entry->d_name[0] != '.' && atoi(entry->d_name) != pid) other = atoi(entry->d_name);
    }
    if (list) closedir(list);
    EQUAL(count, 2);
    return other;
}

static void may_not_look(pid_t pid) {
    char link[100];
    FAILS(open(of_process(pid, "environ"), O_RDONLY), EACCES);
    FAILS(open(of_process(pid, "maps"), O_RDONLY), EACCES);
    FAILS(open(of_process(pid, "fd"), O_RDONLY), EACCES);
    FAILS(readlink(of_process(pid, "fd/60"), link, sizeof link), EACCES);
    FAILS(readlink(of_process(pid, "cwd"), link, sizeof link), EACCES);
    FAILS(readlink(of_process(pid, "exe"), link, sizeof link), EACCES);
    TRUE(strlen(get_file(of_process(pid, "cmdline"))) > 0);
}

// Another process, which is stopped: nothing that is told of it comes from itself.
static void others(void) {
    put_file("file", "x");
    int told[2];
    EQUAL(pipe(told), 0);
    pid_t child = fork();
    if (child == 0) be_looked_at(told[1]);
    char byte;
    EQUAL(read(told[0], &byte, 1), 1);
    EQUAL(kill(child, SIGSTOP), 0);
    EQUAL(waitpid(child, NULL, WUNTRACED), child);

    char here[300], there[320], own[300] = "";
    TRUE(getcwd(here, sizeof here) != NULL);
    snprintf(there, sizeof there, "%s/sub", here);
    EQUAL(strcmp(link_of(child, "cwd"), there), 0);
    EQUAL(strcmp(link_of(child, "root"), "/"), 0);
    TRUE(readlink("/proc/self/exe", own, sizeof own - 1) > 0);
    EQUAL(strcmp(link_of(child, "exe"), own), 0);
    snprintf(there, sizeof there, "%s/file", here);
    EQUAL(strcmp(link_of(child, "fd/60"), there), 0);
    TRUE(strncmp(link_of(child, "fd/1"), "/", 1) == 0 || strchr(link_of(child, "fd/1"), '['));
    EQUAL(listed(of_process(child, "fd"), "60"), 2);
    EQUAL(listed(of_process(child, "fd"), "61"), 0);
    struct stat st, same;
    EQUAL(lstat(of_process(child, "fd/60"), &st), 0);
    EQUAL(st.st_mode, S_IFLNK | 0500);
    EQUAL(stat(of_process(child, "fd/60"), &st), 0);
    EQUAL(stat("file", &same), 0);
    EQUAL(st.st_ino, same.st_ino);
    FAILS(lstat(of_process(child, "fd/61"), &st), ENOENT);
    EQUAL(stat(of_process(child, "cwd/../file"), &st), 0);
    EQUAL(st.st_ino, same.st_ino);

    const char* environment = get_file(of_process(child, "environ"));
    EQUAL(environment[0], '!');
    EQUAL(strcmp(environment + 1, environ[0] + 1), 0);
    TRUE(strchr(get_file(of_process(child, "maps")), '-') != NULL);
    TRUE(strstr(get_file(of_process(child, "status")), "Threads:\t2\n") != NULL);
    char name[64];
    snprintf(name, sizeof name, "task/%d/comm", other_thread(child));
    EQUAL(strcmp(get_file(of_process(child, name)), "helper\n"), 0);
    snprintf(name, sizeof name, "task/%d/stat", child);
    EQUAL(atoi(get_file(of_process(child, name))), child);
    FAILS(open(of_process(child, "task/1/stat"), O_RDONLY), ENOENT);

    if (getuid() == 0) {
        pid_t stranger = fork();
        if (stranger == 0) {
            int before = check_failures;
            EQUAL(setgid(12345), 0);
            EQUAL(setuid(12345), 0);
            may_not_look(child);
            _exit(check_failures != before);
        }
        EQUAL(status_of(stranger), 0);
    } else {
        may_not_look(1);
    }
    EQUAL(kill(child, SIGKILL), 0);
    EQUAL(waitpid(child, NULL, 0), child);
    FAILS(open(of_process(child, "environ"), O_RDONLY), ENOENT);
}

static long milliseconds(struct timeval time) { return time.tv_sec * 1000 + time.tv_usec / 1000; }

static void* work(void* argument) {
    struct timespec now;
    do clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    while (now.tv_nsec < 60000000 && now.tv_sec == 0);
    return argument;
}

// The time of all threads counts, also of those that have ended.
static void cpu_time(void) {
    struct rusage before, after;
    EQUAL(getrusage(RUSAGE_SELF, &before), 0);
    pthread_t thread;
    EQUAL(pthread_create(&thread, NULL, work, NULL), 0);
    pthread_join(thread, NULL);
    EQUAL(getrusage(RUSAGE_SELF, &after), 0);
    long used = milliseconds(after.ru_utime) + milliseconds(after.ru_stime) -
                milliseconds(before.ru_utime) - milliseconds(before.ru_stime);
    TRUE(used >= 50 && used < 5000);
    struct timespec process;
    EQUAL(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &process), 0);
    TRUE(process.tv_sec * 1000 + process.tv_nsec / 1000000 >= 50);
}

static void system_names(void) {
    struct utsname names;
    EQUAL(uname(&names), 0);
    char line[100];
    snprintf(line, sizeof line, "%s\n", names.release);
    EQUAL(strcmp(get_file("/proc/sys/kernel/osrelease"), line), 0);
    snprintf(line, sizeof line, "%s\n", names.nodename);
    EQUAL(strcmp(get_file("/proc/sys/kernel/hostname"), line), 0);
    EQUAL(strcmp(get_file("/proc/sys/kernel/ostype"), "Linux\n"), 0);
    TRUE(atoi(get_file("/proc/sys/kernel/pid_max")) > getpid());
    TRUE(atoi(get_file("/proc/sys/kernel/cap_last_cap")) > 30);
    TRUE(get_file("/proc/sys/vm/overcommit_memory")[0] >= '0');
    const char* uuid = get_file("/proc/sys/kernel/random/uuid");
    EQUAL(strlen(uuid), 37);
    EQUAL(uuid[14], '4');
    TRUE(strcmp(uuid, get_file("/proc/sys/kernel/random/uuid")) != 0);
    EQUAL(listed("/proc/sys/kernel", "ostype"), 2);
    EQUAL(listed("/proc/sys/kernel", "1"), 0);
    EQUAL(listed("/proc/sys", "kernel"), 2);
    struct stat above, kernel;
    EQUAL(stat("/proc/sys/kernel/random/..", &above), 0);
    EQUAL(stat("/proc/sys/kernel", &kernel), 0);
    EQUAL(above.st_ino, kernel.st_ino);
    FAILS(open("/proc/sys/kernel/nothing", O_RDONLY), ENOENT);
    FAILS(open("/proc/sys/1", O_RDONLY), ENOENT);
}

MAIN(TEST(system_names), TEST(descriptors), TEST(threads), TEST(texts), TEST(others), TEST(cpu_time))
