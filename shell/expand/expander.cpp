// SPDX-License-Identifier: MIT
#include "shell/expand/expander.hpp"

#include <cstdio>
#include <cstdlib>

#include "libs/base/result.hpp"
#include "shell/expand/arithmetic.hpp"
#include "shell/expand/glob.hpp"
#include "shell/expand/pattern.hpp"
#include "shell/line/utf8.hpp"

namespace shell {

namespace {

// NAME:PASSWORD:UID:GID:COMMENT:HOME:SHELL
std::string home_in(std::string_view line) {
    for (int field = 0; field < 5 && line.contains(':'); ++field)
        line.remove_prefix(line.find(':') + 1);
    return std::string(line.substr(0, line.find(':')));
}

// A stream of C: one of C++ would bring all locales into the shell, 450 KiB.
std::string home_of(std::string_view user) {
    std::FILE* users = std::fopen("/etc/passwd", "re");
    if (users == nullptr) return {};
    const std::string wanted = std::string(user) + ":";
    std::string home;
    char* line = nullptr;
    std::size_t room = 0;
    for (ssize_t length; (length = ::getline(&line, &room, users)) > 0;) {
        std::string_view entry(line, static_cast<std::size_t>(length));
        if (entry.ends_with('\n')) entry.remove_suffix(1);
        if (!entry.starts_with(wanted)) continue;
        home = home_in(entry);
        break;
    }
    std::free(line);
    (void)std::fclose(users);
    return home;
}

}  // namespace

// The fields of the words so far. Each is built twice: as text, and as a pattern in which whatever
// was quoted is escaped. Only text that comes unquoted from an expansion is split.
class Expander::Fields {
public:
    Fields(std::string_view separators, bool splits) : separators_(separators), splits_(splits) {}

    void add_literal(std::string_view text, bool quoted) {
        present_ = present_ || quoted || !text.empty();
        text_ += text;
        pattern_ += quoted ? escape_pattern(text) : std::string(text);
    }

    void add_expansion(std::string_view text, bool quoted) {
        if (quoted || !splits_) return add_literal(text, quoted || !splits_);
        for (char c : text) {
            if (!separators_.contains(c)) {
                add_literal(std::string_view(&c, 1), false);
            } else if (c == ' ' || c == '\t' || c == '\n') {
                end_field();
            } else {
                present_ = true;
                end_field();
            }
        }
    }

    void end_field() {
        if (present_) finished_.push_back({std::move(text_), std::move(pattern_)});
        text_.clear();
        pattern_.clear();
        present_ = false;
    }

    struct Field {
        std::string text, pattern;
    };
    const std::vector<Field>& finished() const { return finished_; }
    const std::string& text() const { return text_; }
    const std::string& pattern() const { return pattern_; }
    bool splits() const { return splits_; }
    bool empty() const { return !present_; }

private:
    std::string_view separators_;
    bool splits_;
    std::string text_;
    std::string pattern_;
    bool present_ = false;  // a field is due even if its text is empty
    std::vector<Field> finished_;
};

Expanded<std::vector<std::string>> Expander::fields(const std::vector<Word>& words) {
    std::vector<std::string> result;
    std::string separators(context_.variables().get_or("IFS", " \t\n"));
    for (const Word& word : words) {
        Fields fields(separators, true);
        TRY(add_word(word, fields));
        fields.end_field();
        for (const Fields::Field& field : fields.finished()) {
            std::vector<std::string> paths;
            if (context_.expands_file_names() && has_wildcards(field.pattern))
                paths = glob(field.pattern);
            if (paths.empty()) paths.push_back(field.text);
            result.insert(result.end(), paths.begin(), paths.end());
        }
    }
    return result;
}

Expanded<std::string> Expander::text(const Word& word) {
    Fields fields("", false);
    TRY(add_word(word, fields));
    return fields.text();
}

Expanded<std::string> Expander::pattern(const Word& word) {
    Fields fields("", true);
    TRY(add_word(word, fields));
    return fields.pattern();
}

Expanded<std::string> Expander::path(const Word& word) {
    std::vector<std::string> result = TRY(fields({word}));
    if (result.size() != 1) return std::unexpected("the redirection needs one name of a file");
    return result[0];
}

Expanded<void> Expander::add_word(const Word& word, Fields& fields, bool is_operand) {
    bool first = true;
    for (const WordPart& part : word.parts) {
        auto* text = std::get_if<TextPart>(&part.what);
        if (first && text != nullptr && !part.quoted && text->text.starts_with('~')) {
            std::size_t taken = 0;
            std::string home = tilde(text->text, taken);
            bool whole = taken < text->text.size() || word.parts.size() == 1;
            if (taken > 0 && whole) {
                fields.add_literal(home, true);
                fields.add_literal(std::string_view(text->text).substr(taken), false);
                first = false;
                continue;
            }
        }
        first = false;
        if (is_operand && text != nullptr) {
            fields.add_expansion(text->text, part.quoted);
            continue;
        }
        TRY(add_part(part, fields));
    }
    return {};
}

// ~ or ~/...: the home directory. ~name: that user's, by /etc/passwd; as it is if there is none.
std::string Expander::tilde(std::string_view text, std::size_t& taken) {
    std::string_view user = text.substr(1, text.find('/') - 1);
    if (!user.empty()) {
        std::string home = home_of(user);
        taken = home.empty() ? 0 : user.size() + 1;
        return home;
    }
    auto home = context_.variables().get("HOME");
    if (!home) return {};
    taken = 1;
    return std::string(*home);
}

Expanded<void> Expander::add_part(const WordPart& part, Fields& fields) {
    if (auto* text = std::get_if<TextPart>(&part.what)) {
        // In a pattern a backslash that came through the lexer unquoted cannot occur: it quotes
        // what follows.
        fields.add_literal(text->text, part.quoted);
        return {};
    }
    if (auto* parameter = std::get_if<ParameterPart>(&part.what))
        return add_parameter(*parameter, part.quoted, fields);
    if (auto* arithmetic = std::get_if<ArithmeticPart>(&part.what)) {
        std::string expression = TRY(text(*arithmetic->expression));
        std::int64_t value = TRY(compute(expression, context_.variables()));
        fields.add_expansion(std::to_string(value), part.quoted);
        return {};
    }
    std::string output = context_.output_of(*std::get<CommandPart>(part.what).list);
    std::erase(output, '\0');
    while (output.ends_with('\n')) output.pop_back();
    fields.add_expansion(output, part.quoted);
    return {};
}

std::optional<std::string> Expander::value_of(const std::string& name) {
    char first = name[0];
    if (first >= '0' && first <= '9') {
        std::size_t index = name.size() > 5 ? ~std::size_t{0} : std::stoul(name);
        if (index == 0) return context_.shell_name();
        const auto& arguments = context_.arguments();
        if (index > arguments.size()) return std::nullopt;
        return arguments[index - 1];
    }
    if (first == '#') return std::to_string(context_.arguments().size());
    if (first == '@' || first == '*') {
        if (context_.arguments().empty()) return std::nullopt;
        std::string joined;
        for (const std::string& argument : context_.arguments()) {
            if (&argument != context_.arguments().data()) joined += joint();
            joined += argument;
        }
        return joined;
    }
    if (std::string_view("?$!-").contains(first)) return context_.special(first);
    auto value = context_.variables().get(name);
    if (!value) return std::nullopt;
    return std::string(*value);
}

// What "$*" puts between the arguments: the first character of IFS.
std::string Expander::joint() {
    return std::string(context_.variables().get_or("IFS", " ").substr(0, 1));
}

void Expander::add_arguments(bool separate, bool quoted, Fields& fields) {
    if (quoted && !separate) fields.add_literal("", true);
    bool first = true;
    for (const std::string& argument : context_.arguments()) {
        bool ends_field = fields.splits() && (separate || !quoted);
        if (!first && ends_field) fields.end_field();
        if (!first && !ends_field) fields.add_literal(joint(), true);
        first = false;
        fields.add_expansion(argument, quoted);
    }
}

Expanded<void> Expander::add_parameter(const ParameterPart& part, bool quoted, Fields& fields) {
    using Operation = ParameterPart::Operation;
    std::optional<std::string> value = value_of(part.name);
    bool unset = !value || (part.empty_is_unset && value->empty());
    bool needs_value = part.operation < Operation::or_default || part.operation > Operation::if_set;
    bool is_argument_list = part.name == "@" || part.name == "*";
    if (!value && needs_value && !is_argument_list && context_.unset_is_error())
        return std::unexpected(part.name + ": not set");
    switch (part.operation) {
        case Operation::value: {
            if (is_argument_list) {
                add_arguments(part.name == "@", quoted, fields);
            } else {
                fields.add_expansion(value.value_or(""), quoted);
            }
            return {};
        }
        case Operation::length: {
            std::size_t length = 0;
            std::string text = value.value_or("");
            for (std::size_t at = 0; at < text.size(); at += character_at(text, at).length)
                ++length;
            fields.add_expansion(std::to_string(length), quoted);
            return {};
        }
        case Operation::if_set:
            if (!unset) return add_alternative(part, quoted, fields);
            fields.add_expansion("", quoted);
            return {};
        case Operation::or_default:
        case Operation::assign_default:
        case Operation::or_error:
            if (unset) return add_alternative(part, quoted, fields);
            fields.add_expansion(*value, quoted);
            return {};
        default: break;
    }
    fields.add_expansion(TRY(trimmed(part, value.value_or(""))), quoted);
    return {};
}

// The operand takes the place of the parameter.
Expanded<void> Expander::add_alternative(const ParameterPart& part, bool quoted, Fields& fields) {
    using Operation = ParameterPart::Operation;
    if (part.operation == Operation::or_error) {
        std::string message = TRY(text(*part.operand));
        if (message.empty()) message = "not set";
        return std::unexpected(part.name + ": " + message);
    }
    if (part.operation == Operation::assign_default) {
        if (part.name.empty() || (part.name[0] >= '0' && part.name[0] <= '9') ||
            std::string_view("@*#?$!-").contains(part.name[0]))
            return std::unexpected("${" + part.name + "=...}: cannot be assigned to");
        std::string value = TRY(text(*part.operand));
        if (!context_.variables().set(part.name, value))
            return std::unexpected(read_only(part.name));
        fields.add_expansion(value, quoted);
        return {};
    }
    return add_word(*part.operand, fields, true);
}

Expanded<std::string> Expander::trimmed(const ParameterPart& part, std::string value) {
    using Operation = ParameterPart::Operation;
    std::string operand = TRY(pattern(*part.operand));
    bool prefix = part.operation == Operation::remove_short_prefix ||
                  part.operation == Operation::remove_long_prefix;
    bool longest = part.operation == Operation::remove_long_prefix ||
                   part.operation == Operation::remove_long_suffix;
    std::string_view text = value;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        std::size_t length = longest ? text.size() - i : i;
        std::size_t cut = prefix ? length : text.size() - length;
        std::string_view removed = prefix ? text.substr(0, cut) : text.substr(cut);
        if (matches(operand, removed))
            return std::string(prefix ? text.substr(cut) : text.substr(0, cut));
    }
    return value;
}

}  // namespace shell
