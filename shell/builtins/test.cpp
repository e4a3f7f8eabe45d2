// SPDX-License-Identifier: MIT
// test and [: the expressions of POSIX, with ! ( ) -a -o.
//
// What a word means depends on how many there are and where it stands: with one argument it is a text, with two an operator
// and a text, with three an operator between two texts first of all. Longer ones are parsed by precedence.
#include <sys/stat.h>
#include <unistd.h>
#include <charconv>

#include "libs/base/result.hpp"
#include "shell/builtins/builtin.hpp"
#include "shell/run/output.hpp"

namespace shell {

namespace {

using Verdict = std::expected<bool, std::string>;

constexpr int status_trouble = 2;

std::expected<std::int64_t, std::string> number(std::string_view text) {
    std::string_view digits = text;
    while (digits.starts_with(' ')) digits.remove_prefix(1);
    while (digits.ends_with(' ')) digits.remove_suffix(1);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    std::int64_t value = 0;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size())
        return std::unexpected("`" + std::string(text) + "` is not a number");
    return value;
}

bool is_unary(std::string_view text) {
    return text.size() == 2 && text[0] == '-' &&
           std::string_view("bcdefghkLnprSstuwxz").contains(text[1]);
}

bool is_binary(std::string_view text) {
    for (std::string_view name : {"=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt",
                                  "-ge", "-nt", "-ot", "-ef"}) {
        if (text == name) return true;
    }
    return false;
}

bool newer(const struct stat& a, const struct stat& b) {
    if (a.st_mtim.tv_sec != b.st_mtim.tv_sec) return a.st_mtim.tv_sec > b.st_mtim.tv_sec;
    return a.st_mtim.tv_nsec > b.st_mtim.tv_nsec;
}

bool file_is(char what, const std::string& path) {
    struct stat status;
    if (what == 'h' || what == 'L')
        return lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
    if (stat(path.c_str(), &status) != 0) return false;
    switch (what) {
        case 'b': return S_ISBLK(status.st_mode);
        case 'c': return S_ISCHR(status.st_mode);
        case 'd': return S_ISDIR(status.st_mode);
        case 'f': return S_ISREG(status.st_mode);
        case 'p': return S_ISFIFO(status.st_mode);
        case 'S': return S_ISSOCK(status.st_mode);
        case 's': return status.st_size > 0;
        case 'g': return (status.st_mode & S_ISGID) != 0;
        case 'u': return (status.st_mode & S_ISUID) != 0;
        case 'k': return (status.st_mode & S_ISVTX) != 0;
        case 'r': return access(path.c_str(), R_OK) == 0;
        case 'w': return access(path.c_str(), W_OK) == 0;
        case 'x': return access(path.c_str(), X_OK) == 0;
        default:  return true;  // -e
    }
}

Verdict unary(std::string_view name, const std::string& operand) {
    if (name == "-n") return !operand.empty();
    if (name == "-z") return operand.empty();
    if (name == "-t") return isatty(static_cast<int>(TRY(number(operand)))) == 1;
    return file_is(name[1], operand);
}

Verdict compare_files(std::string_view name, const std::string& left, const std::string& right) {
    struct stat a, b;
    bool has_a = stat(left.c_str(), &a) == 0, has_b = stat(right.c_str(), &b) == 0;
    if (name == "-nt") return has_a && (!has_b || newer(a, b));
    if (name == "-ot") return has_b && (!has_a || newer(b, a));
    return has_a && has_b && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

Verdict binary(std::string_view name, const std::string& left, const std::string& right) {
    if (name == "=" || name == "==") return left == right;
    if (name == "!=") return left != right;
    if (name == "<") return left < right;
    if (name == ">") return left > right;
    if (name == "-nt" || name == "-ot" || name == "-ef") return compare_files(name, left, right);
    std::int64_t a = TRY(number(left)), b = TRY(number(right));
    if (name == "-eq") return a == b;
    if (name == "-ne") return a != b;
    if (name == "-lt") return a < b;
    if (name == "-le") return a <= b;
    if (name == "-gt") return a > b;
    return a >= b;
}

class Expression {
public:
    explicit Expression(Arguments words) : words_(words) {}

    Verdict whole() {
        if (words_.empty()) return false;
        // Of three words the middle one decides, whatever the others look like.
        if (words_.size() == 3 && is_binary(words_[1]))
            return binary(words_[1], words_[0], words_[2]);
        bool value = TRY(any());
        if (at_ != words_.size())
            return std::unexpected("`" + words_[at_] + "` is not expected there");
        return value;
    }

private:
    bool at(std::string_view text) const { return at_ < words_.size() && words_[at_] == text; }
    std::size_t left() const { return words_.size() - at_; }

    Verdict any() {
        bool value = TRY(all());
        while (at("-o")) {
            ++at_;
            bool other = TRY(all());
            value = value || other;
        }
        return value;
    }

    Verdict all() {
        bool value = TRY(negation());
        while (at("-a")) {
            ++at_;
            bool other = TRY(negation());
            value = value && other;
        }
        return value;
    }

    Verdict negation() {
        bool negated = false;
        for (; at("!") && left() > 1; ++at_) negated = !negated;
        bool value = TRY(primary());
        return value != negated;
    }

    Verdict primary() {
        if (left() == 0) return std::unexpected("the expression ends too early");
        if (left() >= 3 && is_binary(words_[at_ + 1])) {
            at_ += 3;
            return binary(words_[at_ - 2], words_[at_ - 3], words_[at_ - 1]);
        }
        if (at("(") && left() > 1) {
            if (++depth_ > max_depth) return std::unexpected("nested too deeply");
            ++at_;
            bool value = TRY(any());
            --depth_;
            if (!at(")")) return std::unexpected("no closing parenthesis");
            ++at_;
            return value;
        }
        if (left() >= 2 && is_unary(words_[at_])) {
            at_ += 2;
            return unary(words_[at_ - 2], words_[at_ - 1]);
        }
        return !words_[at_++].empty();
    }

    static constexpr int max_depth = 200;

    Arguments words_;
    std::size_t at_ = 0;
    int depth_ = 0;
};

int judge(std::string_view name, Arguments arguments) {
    Verdict verdict = Expression(arguments).whole();
    if (verdict) return *verdict ? 0 : 1;
    complain(std::string(name) + ": " + verdict.error());
    return status_trouble;
}

}  // namespace

int test_builtin(Executor&, Arguments arguments) { return judge("test", arguments); }

int bracket_builtin(Executor&, Arguments arguments) {
    if (arguments.empty() || arguments.back() != "]") {
        complain("[: the closing ] is missing");
        return status_trouble;
    }
    return judge("[", arguments.first(arguments.size() - 1));
}

}  // namespace shell
