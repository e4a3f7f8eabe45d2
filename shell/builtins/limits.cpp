// SPDX-License-Identifier: MIT
// umask, ulimit and times: what the shell has and its programs inherit.
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/times.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <charconv>

#include "shell/builtins/builtin.hpp"
#include "shell/run/output.hpp"

namespace shell {

namespace {

// u=rwx,g=rx,o=: what new files are allowed.
std::string symbolic(mode_t mask) {
    std::string text;
    for (int shift : {6, 3, 0}) {
        text += shift == 6 ? "u=" : shift == 3 ? ",g=" : ",o=";
        unsigned allowed = ~mask >> shift & 7;
        for (unsigned bit = 0; bit < 3; ++bit) {
            if ((allowed & 4U >> bit) != 0) text += "rwx"[bit];
        }
    }
    return text + "\n";
}

// One clause of a symbolic mode, such as g-w, applied to what is allowed. False: it is none.
bool apply_clause(std::string_view clause, unsigned& allowed) {
    unsigned who = 0;
    std::size_t at = 0;
    for (; at < clause.size() && std::string_view("ugoa").contains(clause[at]); ++at) {
        who |= clause[at] == 'u'   ? 0700U
               : clause[at] == 'g' ? 0070U
               : clause[at] == 'o' ? 0007U
                                   : 0777U;
    }
    if (who == 0) who = 0777;
    if (at == clause.size() || !std::string_view("+-=").contains(clause[at])) return false;
    char operation = clause[at++];
    unsigned bits = 0;
    for (; at < clause.size(); ++at) {
        if (!std::string_view("rwxX").contains(clause[at])) return false;
        bits |= clause[at] == 'r' ? 0444U : clause[at] == 'w' ? 0222U : 0111U;
    }
    bits &= who;
    if (operation == '=') allowed = (allowed & ~who) | bits;
    if (operation == '+') allowed |= bits;
    if (operation == '-') allowed &= ~bits;
    return true;
}

std::optional<mode_t> parse_mask(std::string_view text, mode_t before) {
    if (!text.empty() && text[0] >= '0' && text[0] <= '9') {
        unsigned mask = 0;
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mask, 8);
        bool valid = error == std::errc{} && end == text.data() + text.size() && mask <= 0777;
        return valid ? std::optional<mode_t>(mask) : std::nullopt;
    }
    unsigned allowed = ~before & 0777;
    while (true) {
        std::size_t comma = text.find(',');
        if (!apply_clause(text.substr(0, comma), allowed)) return std::nullopt;
        if (comma == text.npos) return ~allowed & 0777;
        text.remove_prefix(comma + 1);
    }
}

struct Limit {
    char letter;
    std::string_view what;
    decltype(RLIMIT_CORE) resource;
    rlim_t unit;  // bytes, or 1
};
constexpr Limit limits[] = {
    {'t', "time (seconds)", RLIMIT_CPU, 1},
    {'f', "file size (512 bytes)", RLIMIT_FSIZE, 512},
    {'d', "data (KiB)", RLIMIT_DATA, 1024},
    {'s', "stack (KiB)", RLIMIT_STACK, 1024},
    {'c', "core files (512 bytes)", RLIMIT_CORE, 512},
    {'v', "address space (KiB)", RLIMIT_AS, 1024},
    {'n', "descriptors", RLIMIT_NOFILE, 1},
};

std::string shown(rlim_t value, rlim_t unit) {
    return value == RLIM_INFINITY ? "unlimited" : std::to_string(value / unit);
}

int list_limits(bool hard) {
    std::string text;
    for (const Limit& limit : limits) {
        rlimit value{};
        getrlimit(limit.resource, &value);
        std::string line = std::string("-") + limit.letter + "  " + std::string(limit.what);
        line.append(32 - std::min<std::size_t>(line.size(), 31), ' ');
        text += line + shown(hard ? value.rlim_max : value.rlim_cur, limit.unit) + "\n";
    }
    return write_all(STDOUT_FILENO, text) ? 0 : 1;
}

int set_limit(const Limit& limit, const std::string& text, bool soft, bool hard) {
    rlim_t value = RLIM_INFINITY;
    if (text != "unlimited") {
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        bool valid = error == std::errc{} && end == text.data() + text.size() &&
                     value < RLIM_INFINITY / limit.unit;
        if (!valid) return usage_error("ulimit");
        value *= limit.unit;
    }
    rlimit both{};
    getrlimit(limit.resource, &both);
    if (soft) both.rlim_cur = value;
    if (hard) both.rlim_max = value;
    if (setrlimit(limit.resource, &both) == 0) return 0;
    complain_errno("ulimit: -" + std::string(1, limit.letter), errno);
    return 1;
}

}  // namespace

int umask_builtin(Executor& executor, Arguments arguments) {
    mode_t mask = umask(0);
    umask(mask);
    if (arguments.size() > 1) return usage_error("umask");
    if (!arguments.empty() && arguments[0] != "-S") {
        auto wanted = parse_mask(arguments[0], mask);
        if (!wanted) return usage_error("umask");
        umask(*wanted);
        return 0;
    }
    (void)executor;
    std::string digits = "0000\n";
    for (int i = 1; i <= 3; ++i) digits[static_cast<std::size_t>(i)] += mask >> (9 - 3 * i) & 7;
    return write_all(STDOUT_FILENO, arguments.empty() ? digits : symbolic(mask)) ? 0 : 1;
}

int ulimit_builtin(Executor&, Arguments arguments) {
    bool soft = false;
    bool hard = false;
    bool all = false;
    const Limit* limit = &limits[1];
    while (!arguments.empty() && arguments[0].size() > 1 && arguments[0][0] == '-') {
        for (char letter : arguments[0].substr(1)) {
            const auto* found = std::ranges::find(limits, letter, &Limit::letter);
            if (letter == 'S' || letter == 'H' || letter == 'a') {
                soft |= letter == 'S';
                hard |= letter == 'H';
                all |= letter == 'a';
            } else if (found != std::end(limits)) {
                limit = found;
            } else {
                return usage_error("ulimit");
            }
        }
        arguments = arguments.subspan(1);
    }
    if (all) return list_limits(hard);
    if (arguments.size() > 1) return usage_error("ulimit");
    if (!arguments.empty()) return set_limit(*limit, arguments[0], soft || !hard, hard || !soft);
    rlimit value{};
    getrlimit(limit->resource, &value);
    std::string line = shown(hard ? value.rlim_max : value.rlim_cur, limit->unit) + "\n";
    return write_all(STDOUT_FILENO, line) ? 0 : 1;
}

int times_builtin(Executor&, Arguments) {
    tms used{};
    times(&used);
    const auto clock = [](clock_t ticks) {
        long hundredths = ticks * 100 / sysconf(_SC_CLK_TCK);
        std::array<char, 48> text{};
        int length = snprintf(text.data(), text.size(), "%ldm%ld.%02lds", hundredths / 6000,
                              hundredths / 100 % 60, hundredths % 100);
        return std::string(text.data(), static_cast<std::size_t>(length));
    };
    std::string text = clock(used.tms_utime) + " " + clock(used.tms_stime) + "\n" +
                       clock(used.tms_cutime) + " " + clock(used.tms_cstime) + "\n";
    return write_all(STDOUT_FILENO, text) ? 0 : 1;
}

}  // namespace shell
