// SPDX-License-Identifier: MIT
// Random sequences of operations, by several domains, on the kernel and on the model (model.hpp): after each step both must have
// answered the same, hold the same, and the kernel's invariants must hold.
//
// A sequence is a list of numbers; what they mean depends on what there is. Each runs in a process of its own, so that one which
// breaks the kernel can be shortened: steps are left out as long as it still fails. What is printed then can be repeated by
// its seed. MODEL_SECONDS says how long to go on, MODEL_SEED where to start.
#include "kernel/debug/model/run.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <random>

// There if lines are counted: a child's count is added to the others'.
// NOLINTNEXTLINE(readability-identifier-naming): LLVM's name
extern "C" [[gnu::weak]] int __llvm_profile_write_file();

namespace {

using model::Run;
using model::Sequence;
using model::Step;

// Runs it in a child process. What went wrong, or nothing.
std::string run(const Sequence& sequence, bool tell) {
    int ends[2];
    if (pipe(ends) != 0) {
        return "no pipe";
    }
    const pid_t child = fork();
    if (child == 0) {
        if (!tell) {
            (void)freopen("/dev/null", "w", stderr);
        }
        Run one;
        for (const Step& step : sequence) {
            if (const std::string wrong = one.step(step); !wrong.empty()) {
                if (tell) {
                    std::fprintf(stderr, "%s%s\n", one.done().c_str(), wrong.c_str());
                }
                (void)!write(ends[1], wrong.data(), wrong.size());
                _exit(1);
            }
        }
        if (__llvm_profile_write_file != nullptr) {
            (void)__llvm_profile_write_file();
        }
        _exit(0);
    }
    close(ends[1]);
    std::array<char, 200> text{};
    const ssize_t length = read(ends[0], text.data(), text.size());
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (length > 0) {
        return {text.data(), static_cast<std::size_t>(length)};
    }
    return status == 0 ? "" : "the kernel broke";
}

Sequence sequence_of(std::uint32_t seed) {
    std::mt19937 random(seed);
    Sequence sequence(20 + random() % 300);
    for (Step& step : sequence) {
        for (std::uint32_t& number : step) {
            number = random();
        }
    }
    return sequence;
}

// The shortest that still fails, leaving out ever smaller parts.
Sequence shrink(Sequence sequence) {
    for (std::size_t part = sequence.size() / 2; part > 0; part /= 2) {
        for (std::size_t at = 0; at + part <= sequence.size();) {
            Sequence shorter = sequence;
            const auto begin = shorter.begin() + static_cast<std::ptrdiff_t>(at);
            shorter.erase(begin, begin + static_cast<std::ptrdiff_t>(part));
            if (!run(shorter, false).empty()) {
                sequence = std::move(shorter);
            } else {
                at += part;
            }
        }
    }
    return sequence;
}

std::uint32_t from_environment(const char* name, std::uint32_t otherwise) {
    const char* text = std::getenv(name);
    return text != nullptr ? static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10))
                           : otherwise;
}

TEST(ModelTest, TheKernelDoesWhatTheModelDoes) {
    host::init();
    const std::uint32_t first = from_environment("MODEL_SEED", 1);
    const time_t end = time(nullptr) + static_cast<time_t>(from_environment("MODEL_SECONDS", 4));
    std::uint32_t seed = first;
    for (; time(nullptr) < end; ++seed) {
        const Sequence sequence = sequence_of(seed);
        if (run(sequence, false).empty()) {
            continue;
        }
        const Sequence shortest = shrink(sequence);
        const std::string wrong = run(shortest, true);
        FAIL() << "MODEL_SEED=" << seed << ", " << shortest.size() << " steps: " << wrong;
    }
    RecordProperty("sequences", static_cast<int>(seed - first));
}

}  // namespace
