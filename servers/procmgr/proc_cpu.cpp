// SPDX-License-Identifier: MIT
#include "servers/procmgr/proc_cpu.hpp"

#include <array>
#include <cstring>

#include "libs/rt/clock.hpp"
#include "servers/procmgr/model/text.hpp"

namespace procmgr {
namespace {

struct Answer {
    std::uint32_t eax, ebx, ecx, edx;
};

Answer cpuid(std::uint32_t leaf) {
    Answer answer{};
    asm volatile("cpuid"
                 : "=a"(answer.eax), "=b"(answer.ebx), "=c"(answer.ecx), "=d"(answer.edx)
                 : "a"(leaf), "c"(0));
    return answer;
}

std::string vendor() {
    const Answer answer = cpuid(0);
    std::array<char, 12> text;
    std::memcpy(text.data(), &answer.ebx, 4);
    std::memcpy(text.data() + 4, &answer.edx, 4);
    std::memcpy(text.data() + 8, &answer.ecx, 4);
    return {text.data(), text.size()};
}

std::string model_name() {
    std::array<char, 49> text{};
    for (std::uint32_t part = 0; part < 3; ++part) {
        const Answer answer = cpuid(0x8000'0002 + part);
        std::memcpy(text.data() + std::size_t{part} * 16, &answer, 16);
    }
    return text.data();
}

struct Flag {
    std::string_view name;
    std::uint32_t bit;
};
constexpr std::array flags_edx{Flag{"fpu", 0},   Flag{"tsc", 4},  Flag{"cx8", 8},
                               Flag{"cmov", 15}, Flag{"mmx", 23}, Flag{"fxsr", 24},
                               Flag{"sse", 25},  Flag{"sse2", 26}};
constexpr std::array flags_ecx{
    Flag{"pni", 0},     Flag{"ssse3", 9},   Flag{"fma", 12}, Flag{"cx16", 13}, Flag{"sse4_1", 19},
    Flag{"sse4_2", 20}, Flag{"popcnt", 23}, Flag{"aes", 25}, Flag{"avx", 28},  Flag{"rdrand", 30}};

std::string one_cpu(std::uint64_t number, std::uint64_t cpus) {
    const Answer features = cpuid(1);
    const std::uint32_t family = (features.eax >> 8) & 15;
    const std::uint32_t shown_family =
        family == 15 ? family + ((features.eax >> 20) & 255) : family;
    const std::uint32_t model = ((features.eax >> 4) & 15) | ((features.eax >> 12) & 0xf0);
    const abi::TimePage* clock = rt::clock_page();
    std::string out =
        "processor\t: " + decimal(number) + "\nvendor_id\t: " + vendor() +
        "\ncpu family\t: " + decimal(shown_family) + "\nmodel\t\t: " + decimal(model) +
        "\nmodel name\t: " + model_name() + "\nstepping\t: " + decimal(features.eax & 15) +
        "\ncpu MHz\t\t: " + decimal(clock == nullptr ? 0 : clock->tsc_frequency / 1'000'000) +
        ".000\nsiblings\t: " + decimal(cpus) + "\ncpu cores\t: " + decimal(cpus) + "\nflags\t\t:";
    for (const Flag& flag : flags_edx) {
        out += (features.edx >> flag.bit & 1) != 0 ? " " + std::string{flag.name} : "";
    }
    for (const Flag& flag : flags_ecx) {
        out += (features.ecx >> flag.bit & 1) != 0 ? " " + std::string{flag.name} : "";
    }
    return out + "\n\n";
}

}  // namespace

// All CPUs are taken to be like the one that runs this.
std::string cpuinfo_text() {
    const abi::TimePage* clock = rt::clock_page();
    const std::uint64_t cpus = clock == nullptr ? 1 : clock->cpus;
    std::string out;
    for (std::uint64_t i = 0; i < cpus; ++i) {
        out += one_cpu(i, cpus);
    }
    return out;
}

}  // namespace procmgr
