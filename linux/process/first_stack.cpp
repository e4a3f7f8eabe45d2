// SPDX-License-Identifier: MIT
#include "linux/process/first_stack.hpp"

#include <algorithm>
#include <array>

#include "abi/linux/signal.hpp"
#include "libs/base/align.hpp"
#include "linux/entry/cpu.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/memory/program_space.hpp"
#include "linux/process/book.hpp"
#include "linux/process/elf.hpp"
#include "linux/process/random.hpp"
#include "linux/process/state.hpp"
#include "linux/signal/fpu.hpp"

extern "C" const char linux_vdso[];  // linux/vdso/image.S

namespace linux {
namespace {

constexpr std::uint64_t least_stack = 128 * 1024;
constexpr std::uint64_t most_stack = 64 * 1024 * 1024;
constexpr std::uint64_t guard = 1024 * 1024;  // stays empty below the stack

enum Auxiliary : std::uint64_t {
    at_null = 0,
    at_phdr = 3,
    at_phent = 4,
    at_phnum = 5,
    at_pagesz = 6,
    at_base = 7,
    at_flags = 8,
    at_entry = 9,
    at_uid = 11,
    at_euid = 12,
    at_gid = 13,
    at_egid = 14,
    at_platform = 15,
    at_hwcap = 16,
    at_clktck = 17,
    at_secure = 23,
    at_random = 25,
    at_hwcap2 = 26,
    at_execfn = 31,
    at_sysinfo_ehdr = 33,
    at_minsigstksz = 51
};

// Writes downwards from the end of the stack.
class Builder {
public:
    explicit Builder(std::uint64_t end) : at_(end) {}

    Result<std::uint64_t> text(std::string_view value) {
        TRY(put(value.data(), value.size(), 1));
        return at_;
    }
    Result<std::uint64_t> bytes(std::span<const std::byte> value) {
        TRY(put(value.data(), value.size(), 0));
        return at_;
    }
    Result<std::vector<std::uint64_t>> texts(const std::vector<std::string_view>& values) {
        std::vector<std::uint64_t> addresses(values.size());
        for (std::size_t i = values.size(); i != 0; --i) {
            addresses[i - 1] = TRY(text(values[i - 1]));
        }
        return addresses;
    }
    // The vector that the program finds at its stack pointer.
    Result<std::uint64_t> finish(const std::vector<std::uint64_t>& words) {
        const std::uint64_t size = words.size() * sizeof(std::uint64_t);
        at_ = base::align_down(at_ - size, 16);
        TRY(user::copy_out(at_, words.data(), size));
        return at_;
    }

private:
    // Followed by some zeros, which fresh memory has.
    Result<void> put(const void* data, std::size_t size, std::size_t zeros) {
        at_ -= size + zeros;
        return user::copy_out(at_, data, size);
    }
    std::uint64_t at_;
};

void add_auxiliary(std::vector<std::uint64_t>& words, const FirstStack& contents,
                   std::uint64_t platform, std::uint64_t random, std::uint64_t path) {
    const auto& self = identity();
    constexpr std::uint64_t has_fsgsbase = 2;
    const std::uint64_t pairs[][2] = {
        {at_sysinfo_ehdr, reinterpret_cast<std::uint64_t>(linux_vdso)},
        {at_hwcap, cpuid(1).edx},
        {at_pagesz, abi::page_size},
        {at_clktck, 100},
        {at_phdr, contents.headers},
        {at_phent, program_header_bytes},
        {at_phnum, contents.header_count},
        {at_base, contents.interpreter_base},
        {at_flags, 0},
        {at_entry, contents.entry},
        {at_uid, self.real_user},
        {at_euid, self.user},
        {at_gid, self.real_group},
        {at_egid, self.group_id},
        {at_secure, self.user != self.real_user || self.group_id != self.real_group ? 1U : 0U},
        {at_random, random},
        {at_hwcap2, has_fsgsbase},
        {at_execfn, path},
        {at_platform, platform},
        {at_minsigstksz, sizeof(linux_abi::SignalFrame) + signals::fpu_state_bytes() + 256},
        {at_null, 0},
    };
    for (const auto& pair : pairs) {
        words.push_back(pair[0]);
        words.push_back(pair[1]);
    }
}

}  // namespace

Result<std::uint64_t> map_first_stack() {
    const std::uint64_t limit = limit_of(Resource::stack).soft;
    const std::uint64_t length =
        base::align_up(std::clamp(limit, least_stack, most_stack), abi::page_size);
    TRY(program_space().map_anonymous(
        {.address = ProgramSpace::high - length,
         .length = length,
         .protection = linux_abi::Protection::read | linux_abi::Protection::write,
         .placement = ProgramSpace::Placement::fixed,
         .sparse = true}));
    TRY(program_space().map_object({.address = ProgramSpace::high - length - guard,
                                    .length = guard,
                                    .placement = ProgramSpace::Placement::fixed},
                                   {.memory = {}, .offset = 0, .present = 0}, false));
    return ProgramSpace::high;
}

Result<std::uint64_t> build_first_stack(const FirstStack& contents, std::uint64_t end) {
    const Image& image = *contents.image;
    Builder builder{end - sizeof(std::uint64_t)};
    const std::uint64_t path = TRY(builder.text(image.path));
    const auto environment = TRY(builder.texts(image.environment));
    const auto arguments = TRY(builder.texts(image.arguments));
    const std::uint64_t platform = TRY(builder.text("x86_64"));
    std::array<std::byte, 16> seed;
    random_bytes(seed);
    const std::uint64_t random = TRY(builder.bytes(seed));

    constexpr std::size_t most_auxiliary = 64;
    std::vector<std::uint64_t> words;
    words.reserve(arguments.size() + environment.size() + most_auxiliary);
    words.push_back(arguments.size());
    words.insert(words.end(), arguments.begin(), arguments.end());
    words.push_back(0);
    words.insert(words.end(), environment.begin(), environment.end());
    words.push_back(0);
    add_auxiliary(words, contents, platform, random, path);
    const std::uint64_t stack = TRY(builder.finish(words));
    // The strings lie in a row, below the path.
    book.environment_at = environment.empty() ? path : environment.front();
    book.environment_bytes = path - book.environment_at;
    return stack;
}

}  // namespace linux
