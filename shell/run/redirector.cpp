// SPDX-License-Identifier: MIT
#include "shell/run/redirector.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>

#include "libs/base/result.hpp"
#include "shell/run/output.hpp"

namespace shell {

namespace {

// Copies are kept above what a script can name with one digit.
constexpr int first_private_descriptor = 10;
constexpr std::size_t fits_into_a_pipe = 4096;

std::unexpected<std::string> failure(const std::string& what) {
    return std::unexpected(what + ": " + strerror(errno));
}

int open_flags(Redirection::Kind kind) {
    switch (kind) {
        case Redirection::Kind::read:       return O_RDONLY;
        case Redirection::Kind::append:     return O_WRONLY | O_CREAT | O_APPEND;
        case Redirection::Kind::read_write: return O_RDWR | O_CREAT;
        default:                            return O_WRONLY | O_CREAT | O_TRUNC;
    }
}

}  // namespace

Redirector::~Redirector() {
    for (auto saved = saved_.rbegin(); saved != saved_.rend(); ++saved) {
        if (saved->copy < 0) {
            close(saved->descriptor);
        } else {
            dup2(saved->copy, saved->descriptor);
            close(saved->copy);
        }
    }
}

Expanded<void> Redirector::apply(const std::vector<Redirection>& redirections, Expander& expander) {
    for (const Redirection& redirection : redirections) TRY(apply_one(redirection, expander));
    return {};
}

Expanded<void> Redirector::apply_one(const Redirection& redirection, Expander& expander) {
    if (redirection.kind == Redirection::Kind::document) return document(redirection, expander);
    std::string target = TRY(expander.path(redirection.target));
    if (redirection.kind == Redirection::Kind::duplicate) return duplicate(redirection, target);
    int opened = open_target(redirection.kind, target.c_str());
    if (opened < 0) return failure(target);
    Expanded<void> result = replace(redirection.descriptor, opened);
    if (opened != redirection.descriptor) close(opened);
    return result;
}

// What is no regular file, such as /dev/null, may be written to all the same.
int Redirector::open_target(Redirection::Kind kind, const char* path) const {
    int flags = open_flags(kind) | O_CLOEXEC;
    bool keeps = keeps_files_ && kind == Redirection::Kind::write;
    int opened = open(path, keeps ? flags | O_EXCL : flags, 0666);
    if (opened >= 0 || !keeps || errno != EEXIST) return opened;
    opened = open(path, O_WRONLY | O_CLOEXEC);
    struct stat status;
    if (opened >= 0 && fstat(opened, &status) == 0 && !S_ISREG(status.st_mode)) return opened;
    if (opened >= 0) close(opened);
    errno = EEXIST;
    return -1;
}

// The text comes through a pipe. A short one fits into it whole; for a longer one a child writes.
Expanded<void> Redirector::document(const Redirection& redirection, Expander& expander) {
    std::string text = TRY(expander.text(*redirection.document));
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return failure("<<");
    pid_t writer = text.size() > fits_into_a_pipe ? fork() : -1;
    if (writer == 0) {
        close(ends[0]);
        _exit(write_all(ends[1], text) ? 0 : 1);
    }
    if (writer < 0) {
        if (text.size() > fits_into_a_pipe) return failure("<<");
        write_all(ends[1], text);
    }
    close(ends[1]);
    Expanded<void> result = replace(redirection.descriptor, ends[0]);
    if (ends[0] != redirection.descriptor) close(ends[0]);
    return result;
}

Expanded<void> Redirector::duplicate(const Redirection& redirection, const std::string& target) {
    if (target == "-") return replace(redirection.descriptor, -1);
    bool digits = !target.empty() && target.size() <= 5 &&
                  target.find_first_not_of("0123456789") == std::string::npos;
    if (!digits) return std::unexpected(target + ": not the number of a descriptor");
    int source = std::stoi(target);
    if (fcntl(source, F_GETFD) < 0) return failure(target);
    return replace(redirection.descriptor, source);
}

// Makes `descriptor` a copy of `by`, or closes it if that is -1.
Expanded<void> Redirector::replace(int descriptor, int by) {
    if (undo_ == Undo::yes) {
        int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, first_private_descriptor);
        if (copy < 0 && errno != EBADF) return failure(std::to_string(descriptor));
        saved_.push_back({descriptor, copy});
    }
    if (by < 0) {
        close(descriptor);
    } else if (by == descriptor) {
        fcntl(descriptor, F_SETFD, 0);
    } else if (dup2(by, descriptor) < 0) {
        return failure(std::to_string(descriptor));
    }
    return {};
}

}  // namespace shell
