// SPDX-License-Identifier: MIT
// From the text of a Cluufile to its meaning: one function for each directive, found by a table.
//
// The file is read once, line by line. FROM can only be the first directive, so a base is wholly
// parsed before the first directive of the file that builds on it, into the same result: what the
// file says then overrides it. Within one file nothing may be said twice; the line numbers that
// this needs are kept beside the result, and are 0 for whatever came from the base.
#include <charconv>

#include "libs/cluufile/cluufile.hpp"
#include "libs/cluufile/words.hpp"

namespace cluufile {

namespace {

using Done = base::Result<void, Error>;

constexpr std::string_view profile_words[] = {"ipc",   "vfs",    "registry",   "net",
                                              "admin", "device", "supervisor", "accounts"};

constexpr std::string_view right_words[] = {"read", "write", "create"};

class Parser {
public:
    Parser(std::string_view file, ImageSource& images, std::size_t depth, Cluufile& result)
        : file_(file), images_(images), depth_(depth), result_(result) {}

    Done parse(std::string_view text);

private:
    struct Directive {
        std::string_view name;
        Done (Parser::*handle)(Words&, const Word&);
    };
    static const Directive directives[];

    Done line(Words& words);
    Done whole();
    Done once(Words& words, const Word& word, std::uint32_t& seen, std::string_view what);

    Done from(Words& words, const Word& directive);
    Done profile(Words& words, const Word& directive);
    Done mount(Words& words, const Word& directive);
    Done grant(Words& words, const Word& directive);
    Done entrypoint(Words& words, const Word& directive);
    Done env(Words& words, const Word& directive);
    Done restart(Words& words, const Word& directive);
    Done limit(Words& words, const Word& directive);
    Done memory_limit(Words& words, const Word& what);
    Done process_limit(Words& words, const Word& what);
    Done cpu_limit(Words& words, const Word& what);

    Done env_entry(Words& words, const Word& word);

    std::string_view file_;
    ImageSource& images_;
    std::size_t depth_;
    Cluufile& result_;
    std::uint32_t line_ = 0;
    std::uint32_t first_directive_line_ = 0;
    std::uint32_t last_mount_line_ = 0;
    std::uint32_t last_grant_line_ = 0;
    std::uint32_t argv_line_ = 0;
    std::uint32_t beside_line_ = 0;
    std::uint32_t cwd_line_ = 0;
    std::uint32_t entrypoint_line_ = 0;
    std::uint32_t restart_line_ = 0;
    std::uint32_t memory_line_ = 0;
    std::uint32_t processes_line_ = 0;
    std::uint32_t cpu_line_ = 0;
    std::array<std::uint32_t, max_mounts> mount_lines_{};
    std::array<std::uint32_t, max_environment> environment_lines_{};
};

const Parser::Directive Parser::directives[] = {
    {"FROM", &Parser::from},   {"PROFILE", &Parser::profile},
    {"MOUNT", &Parser::mount}, {"ENTRYPOINT", &Parser::entrypoint},
    {"ENV", &Parser::env},     {"RESTART", &Parser::restart},
    {"LIMIT", &Parser::limit}, {"GRANT", &Parser::grant},
};

Done Parser::parse(std::string_view text) {
    while (!text.empty()) {
        ++line_;
        std::size_t end = text.find('\n');
        Words words(file_, line_, text.substr(0, end));
        TRY(line(words));
        text = end == text.npos ? std::string_view{} : text.substr(end + 1);
    }
    return whole();
}

// What only the whole says: names can be seen only by a container that may resolve names.
Done Parser::whole() {
    if (result_.profiles.has(Profile::vfs)) return {};
    if (last_mount_line_ != 0)
        return base::fail(
            Error{file_, last_mount_line_, 1, "MOUNT", "PROFILE vfs as well, or no mounts"});
    if (last_grant_line_ != 0)
        return base::fail(
            Error{file_, last_grant_line_, 1, "GRANT", "PROFILE vfs as well, or no grants"});
    return {};
}

Done Parser::line(Words& words) {
    Word word = TRY(words.next());
    if (word.end) return {};
    for (const Directive& directive : directives) {
        if (word.text != directive.name) continue;
        if (first_directive_line_ == 0) first_directive_line_ = line_;
        return (this->*directive.handle)(words, word);
    }
    return base::fail(words.error(
        word, "a directive: FROM, PROFILE, MOUNT, GRANT, ENTRYPOINT, ENV, RESTART or LIMIT"));
}

// Fails if `seen` is the number of an earlier line; else makes it this one's.
Done Parser::once(Words& words, const Word& word, std::uint32_t& seen, std::string_view what) {
    if (seen != 0) return base::fail(words.error(word, what, seen));
    seen = line_;
    return {};
}

// The next word must be the end of the line.
Done end_of(Words& words) {
    Word word = TRY(words.next());
    if (!word.end) return base::fail(words.error(word, "the end of the line"));
    return {};
}

Done Parser::from(Words& words, const Word& directive) {
    if (first_directive_line_ != line_)
        return base::fail(words.error(
            directive, "FROM only before all other directives, the first of which is in line",
            first_directive_line_));
    Word image = TRY(words.next());
    if (!is_image_name(image.text))
        return base::fail(words.error(image, "the name of an image (a-z 0-9 . _ -)"));
    TRY(end_of(words));
    if (image.text == "minimal") return {};
    if (depth_ == max_from_depth)
        return base::fail(
            words.error(image, "a chain of at most 8 images (is an image built from itself?)"));
    std::optional<std::string_view> text = images_.find(image.text);
    if (!text) return base::fail(words.error(image, "the name of an image that exists"));
    return Parser(image.text, images_, depth_ + 1, result_).parse(*text);
}

Done Parser::profile(Words& words, const Word&) {
    Word word = TRY(words.next());
    do {
        std::size_t index = 0;
        while (index < std::size(profile_words) && profile_words[index] != word.text) ++index;
        if (word.end || index == std::size(profile_words))
            return base::fail(words.error(
                word, "a profile: ipc, vfs, registry, net, admin, device, supervisor or accounts"));
        result_.profiles = result_.profiles | Profiles::from_raw(1U << index);
        word = TRY(words.next());
    } while (!word.end);
    return {};
}

bool is_normal_path(std::string_view path) {
    if (path == "/") return true;
    if (!path.starts_with('/') || path.ends_with('/') || path.size() > max_path) return false;
    while (!path.empty()) {
        path.remove_prefix(1);
        std::size_t end = path.find('/');
        std::string_view component = path.substr(0, end);
        if (component.empty() || component == "." || component == "..") return false;
        path = end == path.npos ? std::string_view{} : path.substr(end);
    }
    return true;
}

std::optional<MountMode> mount_mode(std::string_view word) {
    for (MountMode mode :
         {MountMode::private_, MountMode::inherit, MountMode::readonly, MountMode::none}) {
        if (name_of(mode) == word) return mode;
    }
    return std::nullopt;
}

Done Parser::mount(Words& words, const Word&) {
    Word path = TRY(words.next());
    if (!is_normal_path(path.text))
        return base::fail(
            words.error(path, "an absolute path without `.`, `..`, `//` or a `/` at its end"));
    Word mode_word = TRY(words.next());
    std::optional<MountMode> mode = mount_mode(mode_word.text);
    if (!mode)
        return base::fail(words.error(mode_word, "a mode: private, inherit, readonly or none"));
    TRY(end_of(words));

    std::size_t index = 0;
    while (index < result_.mounts.size() && result_.mounts[index].path != path.text) ++index;
    if (index == max_mounts) return base::fail(words.error(path, "at most 32 mounts"));
    TRY(once(words, path, mount_lines_[index], "another path: this one is mounted in line"));
    last_mount_line_ = line_;
    if (index < result_.mounts.size()) {
        result_.mounts[index].mode = *mode;
    } else {
        (void)result_.mounts.push({path.text, *mode});
    }
    return {};
}

Done Parser::grant(Words& words, const Word&) {
    const Word source = TRY(words.next());
    const bool of_argv = source.text == "argv", beside = source.text == "beside";
    if (source.end || (!of_argv && !beside && source.text != "cwd"))
        return base::fail(words.error(source, "whose names: argv, beside or cwd"));
    TRY(once(words, source,
             of_argv  ? argv_line_
             : beside ? beside_line_
                      : cwd_line_,
             "other names: these are granted in line"));
    last_grant_line_ = line_;
    Rights rights;
    Word word = TRY(words.next());
    do {
        std::size_t index = 0;
        while (index < std::size(right_words) && right_words[index] != word.text) ++index;
        if (word.end || index == std::size(right_words))
            return base::fail(words.error(word, "a right: read, write or create"));
        rights = rights | Rights::from_raw(static_cast<std::uint8_t>(1U << index));
        word = TRY(words.next());
    } while (!word.end);
    Grants& grants = result_.grants;
    (of_argv ? grants.argv : beside ? grants.beside : grants.cwd) = rights;
    return {};
}

Done Parser::entrypoint(Words& words, const Word& directive) {
    TRY(once(words, directive, entrypoint_line_, "only one ENTRYPOINT; the first is in line"));
    result_.entrypoint.clear();
    Word word = TRY(words.next());
    if (!is_normal_path(word.text) || word.text == "/")
        return base::fail(words.error(word, "the absolute path of a program"));
    do {
        if (!result_.entrypoint.push(word.text))
            return base::fail(words.error(word, "a program and at most 15 arguments"));
        word = TRY(words.next());
    } while (!word.end);
    return {};
}

bool is_variable_name(std::string_view name) {
    if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
    for (char c : name) {
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && c != '_' && !(c >= '0' && c <= '9')) return false;
    }
    return true;
}

Done Parser::env(Words& words, const Word&) {
    Word word = TRY(words.next());
    do {
        TRY(env_entry(words, word));
        word = TRY(words.next());
    } while (!word.end);
    return {};
}

Done Parser::env_entry(Words& words, const Word& word) {
    std::size_t equals = word.text.find('=');
    std::string_view name = word.text.substr(0, equals);
    if (equals == word.text.npos || !is_variable_name(name))
        return base::fail(words.error(word, "NAME=VALUE, in quotes if it has blanks"));

    auto& environment = result_.environment;
    std::size_t index = 0;
    while (index < environment.size() && environment[index].name != name) ++index;
    if (index == max_environment) return base::fail(words.error(word, "at most 32 variables"));
    TRY(once(words, word, environment_lines_[index], "another name: this one is set in line"));
    if (index == environment.size()) (void)environment.push({});
    environment[index] = {name, word.text.substr(equals + 1)};
    return {};
}

// A decimal number from 1 to `most`; 0: it is none.
std::uint32_t number_up_to(std::uint32_t most, const Word& word) {
    std::uint32_t number = 0;
    const char* end = word.text.data() + word.text.size();
    auto [parsed, error] = std::from_chars(word.text.data(), end, number);
    return word.end || error != std::errc{} || parsed != end || number > most ? 0 : number;
}

Done Parser::restart(Words& words, const Word& directive) {
    TRY(once(words, directive, restart_line_, "only one RESTART; the first is in line"));
    Word policy = TRY(words.next());
    if (policy.text == "no") {
        result_.restart = {RestartPolicy::no, 0};
    } else if (policy.text == "always") {
        result_.restart = {RestartPolicy::always, 0};
    } else if (policy.text == "on-failure") {
        Word count = TRY(words.next());
        const std::uint32_t attempts = number_up_to(1000, count);
        if (attempts == 0)
            return base::fail(words.error(count, "how often, a number from 1 to 1000"));
        result_.restart = {RestartPolicy::on_failure, attempts};
    } else {
        return base::fail(words.error(policy, "a policy: no, always or on-failure N"));
    }
    return end_of(words);
}

// A number of bytes: digits, and K, M or G for 2^10, 2^20 or 2^30.
std::optional<std::uint64_t> byte_count(std::string_view word) {
    unsigned shift = 0;
    if (word.ends_with('K')) shift = 10;
    if (word.ends_with('M')) shift = 20;
    if (word.ends_with('G')) shift = 30;
    if (shift != 0) word.remove_suffix(1);
    std::uint64_t number = 0;
    const char* end = word.data() + word.size();
    auto [parsed, error] = std::from_chars(word.data(), end, number);
    if (word.empty() || error != std::errc{} || parsed != end) return std::nullopt;
    if (number > (max_memory_limit >> shift)) return std::nullopt;
    return number << shift;
}

Done Parser::limit(Words& words, const Word&) {
    Word what = TRY(words.next());
    if (what.text == "memory") return memory_limit(words, what);
    if (what.text == "cpu") return cpu_limit(words, what);
    if (what.text == "processes") return process_limit(words, what);
    return base::fail(words.error(what, "what to limit: memory, cpu or processes"));
}

Done Parser::memory_limit(Words& words, const Word& what) {
    TRY(once(words, what, memory_line_, "only one limit of memory; the first is in line"));
    Word size = TRY(words.next());
    std::optional<std::uint64_t> bytes = byte_count(size.text);
    if (!bytes || *bytes < min_memory_limit)
        return base::fail(words.error(size, "a size from 64K to 65536G, such as 512K, 8M or 1G"));
    result_.memory_limit = *bytes;
    return end_of(words);
}

Done Parser::process_limit(Words& words, const Word& what) {
    TRY(once(words, what, processes_line_, "only one limit of processes; the first is in line"));
    Word count = TRY(words.next());
    result_.process_limit = number_up_to(max_process_limit, count);
    if (result_.process_limit == 0)
        return base::fail(words.error(count, "how many at a time, a number from 1 to 1000"));
    return end_of(words);
}

Done Parser::cpu_limit(Words& words, const Word& what) {
    TRY(once(words, what, cpu_line_, "only one limit of the CPU; the first is in line"));
    const Word share = TRY(words.next());
    Word number = share;
    if (number.text.ends_with('%')) {
        number.text.remove_suffix(1);
        result_.cpu_limit = number_up_to(max_cpu_limit, number);
    }
    if (result_.cpu_limit == 0)
        return base::fail(words.error(share, "a share of one CPU from 1% to 100%, such as 20%"));
    return end_of(words);
}

}  // namespace

base::Result<Cluufile, Error> parse(std::string_view file, std::string_view text,
                                    ImageSource& images) {
    Cluufile result;
    TRY(Parser(file, images, 1, result).parse(text));
    return result;
}

bool is_image_name(std::string_view name) {
    if (name.empty() || name.size() > max_image_name) return false;
    if (name[0] == '.' || name[0] == '_' || name[0] == '-') return false;
    for (char c : name) {
        bool allowed =
            (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
        if (!allowed) return false;
    }
    return true;
}

std::span<const std::string_view> profile_names() { return profile_words; }

}  // namespace cluufile
