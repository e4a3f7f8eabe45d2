// SPDX-License-Identifier: MIT
//
// Shows at build time that the headers which the kernel uses compile without an operating system,
// and that they need nothing at link time but what this file defines (the list in README.md). The
// program is linked and never run.

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <map>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

template class std::basic_string<char>;

namespace {

enum class Error : std::uint8_t { BadCapability, BadRights };
struct Endpoint {
    std::uint64_t badge;
};
struct Frame {
    std::uint64_t base;
};
using Object = std::variant<std::monostate, Endpoint, Frame>;

std::array<Object, 8> table;
std::atomic<std::uint64_t> calls;

std::expected<Endpoint, Error> lookup(std::size_t index) {
    if (index >= table.size()) return std::unexpected{Error::BadCapability};
    if (auto* endpoint = std::get_if<Endpoint>(&table[index])) return *endpoint;
    return std::unexpected{Error::BadRights};
}

std::optional<std::size_t> position(std::span<const std::uint64_t> values, std::uint64_t wanted) {
    auto it = std::ranges::find(values, wanted);
    if (it == values.end()) return std::nullopt;
    return static_cast<std::size_t>(it - values.begin());
}

std::size_t containers(std::string_view text) {
    std::vector<std::string> words;
    words.emplace_back(text);
    std::map<std::string, std::size_t> lengths;
    for (const auto& word : words) lengths[word] = word.size();
    return lengths.begin()->second;
}

}  // namespace

extern "C" std::uint64_t check_headers(std::span<const std::uint64_t> values, char* out,
                                       std::size_t size) {
    calls.fetch_add(1, std::memory_order_relaxed);
    std::uint64_t sum = 0;
    for (auto v : values | std::views::filter([](auto x) { return std::has_single_bit(x); })) {
        sum += static_cast<std::uint64_t>(std::countr_zero(v));
    }
    auto badge = lookup(sum).transform([](Endpoint e) { return e.badge; }).value_or(0);
    table[sum % table.size()] = Frame{sum};
    auto end = std::to_chars(out, out + size, sum, 16).ptr;
    auto text = std::string_view{out, static_cast<std::size_t>(end - out)};
    return badge + containers(text) + position(values, 4).value_or(0);
}

extern "C" {

[[noreturn]] void cluu_std_abort(const char*) noexcept {
    for (;;) {
    }
}

[[noreturn]] void _start() {
    std::array<char, 32> buffer;
    std::array<std::uint64_t, 3> values{1, 2, 4};
    check_headers(values, buffer.data(), buffer.size());
    cluu_std_abort("end");
}

// Plain loops: never run, only linked. The compiler must not turn them into calls of themselves.
[[clang::no_builtin]] void* memcpy(void* to, const void* from, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
        static_cast<char*>(to)[i] = static_cast<const char*>(from)[i];
    }
    return to;
}
void* memmove(void* to, const void* from, std::size_t n) { return memcpy(to, from, n); }
[[clang::no_builtin]] void* memset(void* to, int value, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) static_cast<char*>(to)[i] = static_cast<char>(value);
    return to;
}
int memcmp(const void*, const void*, std::size_t) { return 0; }
std::size_t strlen(const char*) { return 0; }
}

void* operator new(std::size_t) { cluu_std_abort("no heap"); }
void operator delete(void*) noexcept {}
void operator delete(void*, std::size_t) noexcept {}
