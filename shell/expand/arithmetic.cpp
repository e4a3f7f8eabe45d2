// SPDX-License-Identifier: MIT
// Precedence climbing: `binary(n)` reads operands joined by operators that bind at least as tightly as n.
//
// What && || ?: do not need is read all the same, but counts as skipped: it assigns nothing, and its division by zero is no
// mistake.
#include "shell/expand/arithmetic.hpp"

#include <charconv>

#include "libs/base/result.hpp"
#include "shell/syntax/lexer.hpp"

namespace shell {

namespace {

using Number = std::int64_t;
using Computed = std::expected<Number, std::string>;

constexpr int max_nesting = 200;

struct Operator {
    std::string_view text;
    int precedence;
};
// Of two that begin alike the longer one comes first.
constexpr Operator operators[] = {
    {"||", 1}, {"&&", 2}, {"==", 6}, {"!=", 6}, {"<=", 7}, {">=", 7},
    {"<<", 8}, {">>", 8}, {"|", 3},  {"^", 4},  {"&", 5},  {"<", 7},
    {">", 7},  {"+", 9},  {"-", 9},  {"*", 10}, {"/", 10}, {"%", 10},
};
constexpr std::string_view assignments[] = {
    "<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "^=", "|=", "="};

// Arithmetic that wraps around is defined for unsigned numbers only.
Number wrap(std::uint64_t value) { return static_cast<Number>(value); }
std::uint64_t bits(Number value) { return static_cast<std::uint64_t>(value); }

class Evaluator {
public:
    Evaluator(std::string_view text, Variables& variables, int nesting)
        : rest_(text), variables_(variables), nesting_(nesting) {}

    Computed whole() {
        if (blank()) return 0;
        Number value = TRY(assignment());
        if (!blank())
            return fail("found `" + std::string(rest_.substr(0, 10)) + "`, expected an operator");
        return value;
    }

private:
    std::unexpected<std::string> fail(const std::string& what) const {
        return std::unexpected("arithmetic: " + what);
    }

    // Skips blanks; whether nothing is left.
    bool blank() {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\n"), rest_.size()));
        return rest_.empty();
    }

    bool take(std::string_view text) {
        blank();
        if (!rest_.starts_with(text)) return false;
        rest_.remove_prefix(text.size());
        return true;
    }

    std::string_view take_name() {
        blank();
        std::size_t length = 0;
        if (!rest_.empty() && is_name_start(rest_[0])) {
            while (length < rest_.size() && is_name_char(rest_[length])) ++length;
        }
        std::string_view name = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return name;
    }

    Computed assignment() {
        if (++nesting_ > max_nesting) return fail("nested too deeply");
        std::string_view before = rest_;
        std::string_view name = take_name();
        blank();
        if (!name.empty() && !rest_.starts_with("==")) {
            for (std::string_view text : assignments) {
                if (!take(text)) continue;
                Number value = TRY(assignment());
                if (text != "=") {
                    Number old = TRY(value_of(name));
                    value = TRY(apply(text.substr(0, text.size() - 1), old, value));
                }
                if (skipping_ == 0) variables_.set(name, std::to_string(value));
                --nesting_;
                return value;
            }
        }
        rest_ = before;
        Computed value = conditional();
        --nesting_;
        return value;
    }

    Computed conditional() {
        Number condition = TRY(binary(1));
        if (!take("?")) return condition;
        if (condition == 0) ++skipping_;
        Number then = TRY(assignment());
        if (condition == 0) --skipping_;
        if (!take(":")) return fail("expected `:` after `?`");
        if (condition != 0) ++skipping_;
        Number otherwise = TRY(assignment());
        if (condition != 0) --skipping_;
        return condition != 0 ? then : otherwise;
    }

    const Operator* next_operator(int precedence) {
        blank();
        for (const Operator& candidate : operators) {
            if (!rest_.starts_with(candidate.text)) continue;
            // What is an assignment belongs to no expression here.
            bool assigns = rest_.substr(candidate.text.size()).starts_with('=') &&
                           candidate.precedence != 6 && candidate.precedence != 7;
            return candidate.precedence >= precedence && !assigns ? &candidate : nullptr;
        }
        return nullptr;
    }

    Computed binary(int precedence) {
        Number left = TRY(unary());
        while (const Operator* found = next_operator(precedence)) {
            rest_.remove_prefix(found->text.size());
            bool decided = (found->text == "&&" && left == 0) || (found->text == "||" && left != 0);
            if (decided) ++skipping_;
            Number right = TRY(binary(found->precedence + 1));
            if (decided) --skipping_;
            left = TRY(apply(found->text, left, right));
        }
        return left;
    }

    Computed unary() {
        if (++nesting_ > max_nesting) return fail("nested too deeply");
        Computed value = [&]() -> Computed {
            if (take("!")) return TRY(unary()) == 0;
            if (take("~")) return ~TRY(unary());
            if (take("-")) return wrap(0 - bits(TRY(unary())));
            if (take("+")) return unary();
            return primary();
        }();
        --nesting_;
        return value;
    }

    Computed primary() {
        if (take("(")) {
            Number value = TRY(assignment());
            if (!take(")")) return fail("expected `)`");
            return value;
        }
        std::string_view name = take_name();
        if (!name.empty()) return value_of(name);
        return constant();
    }

    Computed constant() {
        if (blank()) return fail("expected a number at the end");
        std::size_t length = 0;
        while (length < rest_.size() && is_name_char(rest_[length])) ++length;
        std::string_view text = rest_.substr(0, length);
        rest_.remove_prefix(length);
        int base = 10;
        std::string_view digits = text;
        if (text.size() > 1 && text[0] == '0') {
            bool hexadecimal = text[1] == 'x' || text[1] == 'X';
            base = hexadecimal ? 16 : 8;
            digits.remove_prefix(hexadecimal ? 2 : 1);
        }
        Number value = 0;
        auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
        if (error != std::errc{} || end != digits.data() + digits.size()) {
            std::string_view shown = text.empty() ? rest_.substr(0, 1) : text;
            return fail("`" + std::string(shown) + "` is not a number");
        }
        return value;
    }

    Computed value_of(std::string_view name) {
        std::string text(variables_.get_or(name, ""));
        if (nesting_ > max_nesting) return fail("nested too deeply");
        return Evaluator(text, variables_, nesting_ + 1).whole();
    }

    Computed apply(std::string_view text, Number a, Number b) const {
        if (text == "+") return wrap(bits(a) + bits(b));
        if (text == "-") return wrap(bits(a) - bits(b));
        if (text == "*") return wrap(bits(a) * bits(b));
        if (text == "<<") return wrap(bits(a) << (bits(b) & 63));
        if (text == ">>") return a >> (bits(b) & 63);
        if (text == "&") return a & b;
        if (text == "^") return a ^ b;
        if (text == "|") return a | b;
        if (text == "&&") return a != 0 && b != 0;
        if (text == "||") return a != 0 || b != 0;
        if (text == "==") return a == b;
        if (text == "!=") return a != b;
        if (text == "<") return a < b;
        if (text == "<=") return a <= b;
        if (text == ">") return a > b;
        if (text == ">=") return a >= b;
        // / and %
        if (b == 0 && skipping_ > 0) return 0;
        if (b == 0) return fail("division by zero");
        if (b == -1) return text == "/" ? wrap(0 - bits(a)) : 0;
        return text == "/" ? a / b : a % b;
    }

    std::string_view rest_;
    Variables& variables_;
    int nesting_;
    int skipping_ = 0;
};

}  // namespace

std::expected<std::int64_t, std::string> compute(std::string_view expression,
                                                 Variables& variables) {
    return Evaluator(expression, variables, 0).whole();
}

}  // namespace shell
