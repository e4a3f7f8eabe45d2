// SPDX-License-Identifier: MIT
// hostile_shares: passes on descriptors of shared memory (pipes, socket pairs, an event counter, a timer), and
// takes that memory away when they have been received: makes it smaller, or destroys the bank that it is from.
// To the receiver, each must be one whose other end is gone, and no more.
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "tests/escape/parcel.hpp"

namespace {

enum Passed : std::uint8_t {
    pipe_out,
    pipe_in,
    packets,
    stream,
    sequenced,
    datagrams,
    counter,
    timer,
    all
};
// Where each one's Memory lies in the parcel: behind all that the ones before consist of.
constexpr std::array<abi::CapIndex, all> memory_slots{2, 6, 10, 14, 19, 24, 29, 31};

void check(bool good, const char* what) {
    if (!good) {
        std::perror(what);
        std::exit(2);
    }
}

// The receiver: a line for each thing that is not as it should be.
class Victim {
public:
    explicit Victim(std::vector<int> fds) : fds_(std::move(fds)) {}

    int run(bool all_gone) {
        for (const Passed one : {pipe_out, packets, stream, sequenced}) {
            expect(one, "read", read(fds_[one], bytes_.data(), bytes_.size()), 0);
        }
        for (const Passed one : {pipe_in, stream, sequenced, datagrams}) {
            expect(one, "write", write_until_refused(fds_[one]), EPIPE);
        }
        if (all_gone) {
            // Nothing has happened, and no flag is set.
            std::array<pollfd, 2> ready{{{fds_[counter], POLLIN, 0}, {fds_[timer], POLLIN, 0}}};
            expect(counter, "poll", poll(ready.data(), ready.size(), 0), 0);
        }
        return failures_;
    }

private:
    // -> the error. What was under way may seem to go well.
    int write_until_refused(int fd) {
        for (int i = 0; i < 2; ++i) {
            if (write(fd, bytes_.data(), bytes_.size()) < 0) {
                return errno;
            }
        }
        return write(fd, bytes_.data(), 1) < 0 ? errno : 0;
    }
    void expect(Passed which, const char* what, long got, long wanted) {
        if (got != wanted) {
            std::printf("%d, %s: %ld, errno %d\n", which, what, got, errno);
            ++failures_;
        }
    }

    std::vector<int> fds_;
    std::array<char, 4096> bytes_{};
    int failures_ = 0;
};

struct Given {
    std::vector<int> here, passed;
};

Given make() {
    std::array<int, 2> one{}, two{}, three{};
    check(pipe(one.data()) == 0 && pipe(two.data()) == 0 && pipe2(three.data(), O_DIRECT) == 0,
          "pipe");
    Given given{{one[1], two[0], three[1]}, {one[0], two[1], three[0]}};
    for (const int type : {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM}) {
        std::array<int, 2> pair{};
        check(socketpair(AF_UNIX, type, 0, pair.data()) == 0, "socketpair");
        given.here.push_back(pair[1]);
        given.passed.push_back(pair[0]);
    }
    given.passed.push_back(eventfd(7, EFD_NONBLOCK));
    given.passed.push_back(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
    const itimerspec now{{0, 0}, {0, 1}};
    check(timerfd_settime(given.passed[timer], 0, &now, nullptr) == 0, "timerfd_settime");
    for (const Passed one_of : {pipe_out, packets, stream, sequenced}) {
        check(write(given.here[one_of], "for nobody", 10) == 10, "write");
    }
    return given;
}

// Puts copies from a bank of its own in the place of all that is shared.
std::vector<ipc::Capability<ipc::Memory>> exchange(ipc::Ref<ipc::Bank> bank) {
    std::vector<ipc::Capability<ipc::Memory>> copies;
    auto found = escape::take_parcel();
    for (const abi::CapIndex slot : memory_slots) {
        const auto memory = found->parcel->take<ipc::Memory>(slot);
        check(memory && (*memory)->query(), "no memory where it should be");
        auto copy = (*memory)->clone(bank, {0, (*memory)->query()->bytes});
        check(copy && found->parcel->copy(copy->ref(), abi::all_rights, slot), "exchange");
        copies.push_back(std::move(*copy));
    }
    check(static_cast<bool>(found->shelf->move(std::move(found->parcel), escape::first_shelf_slot)),
          "put back");
    return copies;
}

int receive(int carrier, bool all_gone) {
    auto fds = escape::take(carrier);
    check(fds && fds->size() == all && write(carrier, "+", 1) == 1, "receive");
    char byte = 0;
    check(read(carrier, &byte, 1) == 1, "go on");
    const int failures = Victim{std::move(*fds)}.run(all_gone);
    std::fflush(stdout);
    return failures;
}

bool try_once(bool all_gone) {
    const Given given = make();
    std::array<int, 2> carrier{};
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, carrier.data()) == 0, "socketpair");
    auto bank = ipc::Ref<ipc::Bank> { process::own_bank } -> create_bank(std::uint64_t{16} << 20);
    check(static_cast<bool>(bank), "create_bank");
    escape::give(carrier[0], given.passed);
    const auto copies = exchange(*bank);
    const pid_t child = fork();
    if (child == 0) {
        _exit(receive(carrier[1], all_gone));
    }
    char byte = 0;
    check(read(carrier[0], &byte, 1) == 1, "received");
    if (all_gone) {
        check(static_cast<bool>((*bank)->destroy()), "destroy");
    } else {
        for (std::size_t i = 0; i < counter; ++i) {
            check(static_cast<bool>(copies[i]->resize(abi::page_size)), "resize");
        }
    }
    check(write(carrier[0], "+", 1) == 1, "go on");
    int status = 0;
    check(waitpid(child, &status, 0) == child, "waitpid");
    if (!WIFEXITED(status)) {
        std::printf("ended by signal %d\n", WTERMSIG(status));
    }
    for (const std::vector<int>& fds : {given.here, given.passed, {carrier[0], carrier[1]}}) {
        for (const int fd : fds) {
            close(fd);
        }
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

int main() {
    (void)signal(SIGPIPE, SIG_IGN);
    const bool smaller = try_once(false);
    const bool gone = try_once(true);
    std::printf("%s, %s\n", smaller ? "unharmed" : "harmed", gone ? "unharmed" : "harmed");
    return 0;
}
