// SPDX-License-Identifier: MIT
// hostile_book: lies about where stands what it says of itself (process::Book), in ways that lead whoever follows to nowhere, in
// circles, or into memory that never comes. Whoever reads its /proc gets an answer at once, and reads that of others as before.
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

#include "interfaces/process_image.hpp"
#include "libs/ipc/kernel_objects.hpp"

namespace {

constexpr std::uint64_t pager_place = 0x10'0000'0000;
constexpr int attempts = 7;
constexpr double longest_seconds = 5;  // for all that there is of one process

void check(bool good, const char* what) {
    if (!good) {
        std::perror(what);
        std::exit(2);
    }
}

process::SignalPage& signal_page() {
    return *reinterpret_cast<process::SignalPage*>(process::signal_page);
}

// Memory whose pages nobody will bring.
std::uint64_t memory_that_never_comes() {
    const ipc::Ref<ipc::Bank> bank{process::own_bank};
    auto pager = bank->create_endpoint();
    check(pager.has_value(), "endpoint");
    auto memory = bank->create_memory(abi::page_size, {.pager = *pager});
    check(memory.has_value(), "memory");
    const auto mapped = ipc::Ref<ipc::AddressSpace> {
        process::own_space
    } -> map(*memory, {.address = pager_place, .length = abi::page_size});
    check(mapped.has_value(), "map");
    (void)pager->release();
    (void)memory->release();
    return pager_place;
}

// A thread's address that leads to itself, a slot that does, and numbers beyond all measure.
struct Lies {
    process::Book book;
    std::uint64_t itself;
    process::DescriptorSlot slot;
};

void lie(int attempt) {
    static Lies lies;
    const auto here = reinterpret_cast<std::uint64_t>(&lies);
    const auto everywhere = [](std::uint64_t address, std::uint64_t count) {
        return process::Book{address,
                             count,
                             address,
                             address,
                             address,
                             address,
                             address,
                             count,
                             static_cast<std::uint32_t>(count),
                             static_cast<std::uint32_t>(count),
                             static_cast<std::uint32_t>(count),
                             0};
    };
    signal_page().further_threads = ~0U;
    signal_page().book = here;
    switch (attempt) {
        case 0: signal_page().book = 8; return;
        case 1: signal_page().book = ~std::uint64_t{0} - 4; return;
        case 2: signal_page().book = 0xffff'8000'0000'0000; return;
        case 3: lies.book = everywhere(8, 64); return;
        case 4: lies.book = everywhere(~std::uint64_t{0} - 100, ~std::uint64_t{0}); return;
        case 5:
            lies.itself = reinterpret_cast<std::uint64_t>(&lies.itself);
            lies.book = everywhere(lies.itself, 1 << 20);
            lies.book.card_offset = lies.book.thread_offset = 0;
            return;
        default: signal_page().book = memory_that_never_comes();
    }
}

std::size_t read_all(const std::string& path) {
    std::array<char, 4096> bytes;
    std::size_t all = 0;
    const int file = open(path.c_str(), O_RDONLY);
    for (ssize_t got; file >= 0 && (got = read(file, bytes.data(), bytes.size())) > 0;) {
        all += static_cast<std::size_t>(got);
    }
    close(file);
    return all;
}

int list_all(const std::string& path) {
    int count = 0;
    DIR* folder = opendir(path.c_str());
    while (folder != nullptr && readdir(folder) != nullptr) {
        ++count;
    }
    if (folder != nullptr) {
        closedir(folder);
    }
    return count;
}

std::string link_of(const std::string& path) {
    std::array<char, 4096> text;
    const ssize_t length = readlink(path.c_str(), text.data(), text.size());
    return {text.data(), static_cast<std::size_t>(length < 0 ? 0 : length)};
}

void look_at(pid_t pid) {
    const std::string folder = "/proc/" + std::to_string(pid);
    for (const char* name : {"/environ", "/maps", "/stat", "/status", "/cmdline", "/comm"}) {
        (void)read_all(folder + name);
    }
    for (const char* name : {"/cwd", "/root", "/exe", "/fd/0", "/fd/1023"}) {
        (void)link_of(folder + name);
    }
    (void)list_all(folder + "/fd");
    (void)list_all(folder + "/task");
    (void)read_all(folder + "/task/" + std::to_string(pid) + "/stat");
}

double seconds() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

}  // namespace

int main() {
    std::array<char, 4096> here;
    check(getcwd(here.data(), here.size()) != nullptr, "getcwd");
    int failures = 0;
    const pid_t honest = fork();
    if (honest == 0) {
        for (;;) {
            pause();
        }
    }
    for (int attempt = 0; attempt < attempts; ++attempt) {
        std::array<int, 2> told;
        check(pipe(told.data()) == 0, "pipe");
        const pid_t liar = fork();
        if (liar == 0) {
            lie(attempt);
            check(write(told[1], "x", 1) == 1, "write");
            for (;;) {
                pause();
            }
        }
        char byte;
        check(read(told[0], &byte, 1) == 1, "read");
        const double before = seconds();
        look_at(liar);
        if (seconds() - before > longest_seconds) {
            std::printf("attempt %d: %f s\n", attempt, seconds() - before);
            ++failures;
        }
        if (link_of("/proc/" + std::to_string(honest) + "/cwd") != here.data()) {
            std::printf("attempt %d: another process is not shown any more\n", attempt);
            ++failures;
        }
        kill(liar, SIGKILL);
        waitpid(liar, nullptr, 0);
        close(told[0]);
        close(told[1]);
    }
    kill(honest, SIGKILL);
    waitpid(honest, nullptr, 0);
    std::puts(failures == 0 ? "all are shown" : "failed");
    return failures == 0 ? 0 : 1;
}
