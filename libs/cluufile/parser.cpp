// SPDX-License-Identifier: MIT
// From the text of a Cluufile to its meaning: one function for each directive, found by a table.
//
// The file is read once, line by line. FROM can only be the first directive, so a base is wholly
// parsed before the first directive of the file that builds on it, into the same result: what the
// file says then overrides it. Within one file nothing may be said twice; the line numbers that
// this needs are kept beside the result, and are 0 for whatever came from the base.
#include <algorithm>

#include "libs/cluufile/cluufile.hpp"
#include "libs/cluufile/values.hpp"
#include "libs/cluufile/words.hpp"

namespace cluufile {

namespace {

using Done = base::Result<void, Error>;

constexpr std::string_view profile_words[] = {
    "ipc", "vfs", "registry", "net", "admin", "device", "supervisor", "accounts", "framebuffer"};

constexpr std::string_view right_words[] = {"read", "write", "create", "start"};

struct LimitKind {
    std::string_view name, twice, expected;
    // Takes the word in, if it is right.
    bool (*read)(std::string_view word, Cluufile& result);
};

bool read_size(std::string_view word, std::uint64_t& limit) {
    const auto bytes = byte_count(word);
    if (!bytes || *bytes < min_memory_limit) return false;
    limit = *bytes;
    return true;
}

constexpr std::string_view size_expected = "a size from 64K to 65536G, such as 512K, 8M or 1G";

constexpr LimitKind limit_kinds[] = {
    {"memory", "only one limit of memory; the first is in line", size_expected,
     [](std::string_view word, Cluufile& result) { return read_size(word, result.memory_limit); }},
    {"cpu", "only one limit of the CPU; the first is in line",
     "a share of one CPU from 1% to 100%, such as 20%",
     [](std::string_view word, Cluufile& result) {
         if (!word.ends_with('%')) return false;
         word.remove_suffix(1);
         result.cpu_limit = number_up_to(max_cpu_limit, word);
         return result.cpu_limit != 0;
     }},
    {"processes", "only one limit of processes; the first is in line",
     "how many at a time, a number from 1 to 1000",
     [](std::string_view word, Cluufile& result) {
         result.process_limit = number_up_to(max_process_limit, word);
         return result.process_limit != 0;
     }},
    {"descriptors", "only one limit of descriptors; the first is in line",
     "how many in each process, a number from 3 to 1024",
     [](std::string_view word, Cluufile& result) {
         result.descriptor_limit = number_up_to(max_descriptor_limit, word);
         return result.descriptor_limit >= min_descriptor_limit;
     }},
    {"time", "only one limit of time; the first is in line",
     "a time from 10ms to 1000h, such as 500ms, 30s or 5m",
     [](std::string_view word, Cluufile& result) {
         const auto time = duration_ms(word);
         result.time_limit_ms = time.value_or(0);
         return time.has_value();
     }},
    {"disk", "only one limit of disk space; the first is in line", size_expected,
     [](std::string_view word, Cluufile& result) { return read_size(word, result.disk_limit); }},
    {"log", "only one limit of the log; the first is in line",
     "a size from 4K to 16M, such as 256K",
     [](std::string_view word, Cluufile& result) {
         const auto size = byte_count(word);
         result.log_limit = size.value_or(0);
         return size && *size >= min_log_limit && *size <= max_log_limit;
     }},
};
constexpr std::size_t limit_count = std::size(limit_kinds);

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
    Done cmd(Words& words, const Word& directive);
    Done label(Words& words, const Word& directive);
    Done user(Words& words, const Word& directive);
    Done workdir(Words& words, const Word& directive);
    Done depends(Words& words, const Word& directive);
    Done health_check(Words& words, const Word& directive);
    Done copy(Words& words, const Word& directive);
    Done build(Words& words, const Word& directive);
    Done add_step(Words& words, const Word& directive, const Step& step);
    Done whole_steps();

    template <std::size_t N>
    Done words_into(Words& words, Word word, Bounded<std::string_view, N>& list,
                    std::string_view too_many);
    struct Assignments {
        bool (*is_name)(std::string_view);
        std::string_view expected, twice, too_many;
    };
    template <std::size_t N>
    Done assignments(Words& words, const Assignments& what, Bounded<NamedValue, N>& list,
                     std::array<std::uint32_t, N>& lines);

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
    std::uint32_t cmd_line_ = 0;
    std::uint32_t user_line_ = 0;
    std::uint32_t workdir_line_ = 0;
    std::uint32_t health_line_ = 0;
    std::array<std::uint32_t, limit_count> limit_lines_{};
    std::array<std::uint32_t, max_mounts> mount_lines_{};
    std::array<std::uint32_t, max_environment> environment_lines_{};
    std::array<std::uint32_t, max_labels> label_lines_{};
};

const Parser::Directive Parser::directives[] = {
    {"FROM", &Parser::from},       {"PROFILE", &Parser::profile},
    {"MOUNT", &Parser::mount},     {"ENTRYPOINT", &Parser::entrypoint},
    {"ENV", &Parser::env},         {"RESTART", &Parser::restart},
    {"LIMIT", &Parser::limit},     {"GRANT", &Parser::grant},
    {"CMD", &Parser::cmd},         {"LABEL", &Parser::label},
    {"USER", &Parser::user},       {"WORKDIR", &Parser::workdir},
    {"DEPENDS", &Parser::depends}, {"HEALTHCHECK", &Parser::health_check},
    {"COPY", &Parser::copy},       {"BUILD", &Parser::build},
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

// Files that it makes of its own are the image's, also where a base has the mount that shows them.
Done Parser::whole_steps() {
    if (result_.steps.empty()) return {};
    bool shown = false;
    for (Mount& mount : result_.mounts) {
        if (mount.mode != MountMode::image) continue;
        mount.image = depth_ > 1 ? file_ : std::string_view{};
        shown = true;
    }
    if (shown) return {};
    const Step& first = result_.steps[0];
    return base::fail(Error{file_, first.line, 1, first.kind == Step::Kind::copy ? "COPY" : "BUILD",
                            "MOUNT / image as well: without it nothing shows what this makes"});
}

// What only the whole says: names can be seen only by a container that may resolve names.
Done Parser::whole() {
    TRY(whole_steps());
    const bool told_where = !result_.directory.empty();
    const bool names = result_.grants.any() || result_.grants.starts();
    if (told_where && names && (workdir_line_ | last_grant_line_) != 0)
        return base::fail(
            Error{file_, std::max(workdir_line_, last_grant_line_), 1,
                  workdir_line_ > last_grant_line_ ? "WORKDIR" : "GRANT",
                  "no WORKDIR together with GRANT: names are meant from the starter's directory"});
    if (result_.profiles.has(Profile::vfs)) return {};
    if (workdir_line_ != 0)
        return base::fail(
            Error{file_, workdir_line_, 1, "WORKDIR", "PROFILE vfs as well, or no WORKDIR"});
    if (last_mount_line_ != 0)
        return base::fail(
            Error{file_, last_mount_line_, 1, "MOUNT", "PROFILE vfs as well, or no mounts"});
    if (last_grant_line_ != 0 && result_.grants.any())
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
        word,
        "a directive: FROM, PROFILE, MOUNT, GRANT, ENTRYPOINT, CMD, ENV, USER, WORKDIR, LIMIT, "
        "RESTART, HEALTHCHECK, DEPENDS, LABEL, COPY or BUILD"));
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
    TRY(Parser(image.text, images_, depth_ + 1, result_).parse(*text));
    result_.base = image.text;
    result_.steps.clear();
    return {};
}

Done Parser::profile(Words& words, const Word&) {
    Word word = TRY(words.next());
    do {
        std::size_t index = 0;
        while (index < std::size(profile_words) && profile_words[index] != word.text) ++index;
        if (word.end || index == std::size(profile_words))
            return base::fail(words.error(
                word,
                "a profile: ipc, vfs, registry, net, admin, device, supervisor, accounts or "
                "framebuffer"));
        result_.profiles = result_.profiles | Profiles::from_raw(1U << index);
        word = TRY(words.next());
    } while (!word.end);
    return {};
}

std::optional<MountMode> mount_mode(std::string_view word) {
    for (MountMode mode : {MountMode::private_, MountMode::inherit, MountMode::readonly,
                           MountMode::image, MountMode::none}) {
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
        return base::fail(
            words.error(mode_word, "a mode: private, inherit, readonly, image or none"));
    std::uint64_t size = 0;
    const Word size_word = TRY(words.next());
    if (!size_word.end) {
        if (*mode != MountMode::private_)
            return base::fail(
                words.error(size_word, "the end of the line: only a private mount has a size"));
        if (!read_size(size_word.text, size))
            return base::fail(words.error(size_word, size_expected));
        TRY(end_of(words));
    }

    const Mount mounted{path.text, *mode, size, depth_ > 1 ? file_ : std::string_view{}};
    std::size_t index = 0;
    while (index < result_.mounts.size() && result_.mounts[index].path != path.text) ++index;
    if (index == max_mounts) return base::fail(words.error(path, "at most 32 mounts"));
    TRY(once(words, path, mount_lines_[index], "another path: this one is mounted in line"));
    last_mount_line_ = line_;
    if (index < result_.mounts.size()) {
        result_.mounts[index] = mounted;
    } else {
        (void)result_.mounts.push(mounted);
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
        // Only programs that were named can be meant.
        const std::size_t rights_of = std::size(right_words) - (of_argv ? 0 : 1);
        while (index < rights_of && right_words[index] != word.text) ++index;
        if (word.end || index == rights_of)
            return base::fail(words.error(word, of_argv ? "a right: read, write, create or start"
                                                        : "a right: read, write or create"));
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
    // What was meant for another program means nothing to this one.
    if (cmd_line_ == 0) result_.default_arguments.clear();
    return words_into(words, word, result_.entrypoint, "a program and at most 15 arguments");
}

Done Parser::cmd(Words& words, const Word& directive) {
    TRY(once(words, directive, cmd_line_, "only one CMD; the first is in line"));
    result_.default_arguments.clear();
    const Word word = TRY(words.next());
    if (word.end) return base::fail(words.error(word, "an argument"));
    return words_into(words, word, result_.default_arguments, "at most 16 arguments");
}

// From `word` on, which is one.
template <std::size_t N>
Done Parser::words_into(Words& words, Word word, Bounded<std::string_view, N>& list,
                        std::string_view too_many) {
    do {
        if (!list.push(word.text)) return base::fail(words.error(word, too_many));
        word = TRY(words.next());
    } while (!word.end);
    return {};
}

Done Parser::env(Words& words, const Word&) {
    return assignments(words,
                       {is_variable_name, "NAME=VALUE, in quotes if it has blanks",
                        "another name: this one is set in line", "at most 32 variables"},
                       result_.environment, environment_lines_);
}

Done Parser::label(Words& words, const Word&) {
    return assignments(words,
                       {is_label_name, "NAME=VALUE, in quotes if it has blanks",
                        "another name: this one is set in line", "at most 32 labels"},
                       result_.labels, label_lines_);
}

template <std::size_t N>
Done Parser::assignments(Words& words, const Assignments& what, Bounded<NamedValue, N>& list,
                         std::array<std::uint32_t, N>& lines) {
    Word word = TRY(words.next());
    do {
        const std::size_t equals = word.text.find('=');
        const std::string_view name = word.text.substr(0, equals);
        if (equals == word.text.npos || !what.is_name(name))
            return base::fail(words.error(word, what.expected));
        std::size_t index = 0;
        while (index < list.size() && list[index].name != name) ++index;
        if (index == N) return base::fail(words.error(word, what.too_many));
        TRY(once(words, word, lines[index], what.twice));
        if (index == list.size()) (void)list.push({});
        list[index] = {name, word.text.substr(equals + 1)};
        word = TRY(words.next());
    } while (!word.end);
    return {};
}

Done Parser::user(Words& words, const Word& directive) {
    TRY(once(words, directive, user_line_, "only one USER; the first is in line"));
    const Word word = TRY(words.next());
    const std::size_t colon = word.text.find(':');
    const std::string_view user = word.text.substr(0, colon);
    const bool has_group = colon != word.text.npos;
    const std::string_view group = has_group ? word.text.substr(colon + 1) : std::string_view{};
    if (!is_user_name(user) || (has_group && !is_user_name(group)))
        return base::fail(words.error(word, "a user, or USER:GROUP, each a name or a number"));
    result_.user = {user, group};
    return end_of(words);
}

Done Parser::workdir(Words& words, const Word& directive) {
    TRY(once(words, directive, workdir_line_, "only one WORKDIR; the first is in line"));
    const Word path = TRY(words.next());
    if (!is_normal_path(path.text))
        return base::fail(
            words.error(path, "an absolute path without `.`, `..`, `//` or a `/` at its end"));
    result_.directory = path.text;
    return end_of(words);
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
        const std::uint32_t attempts = number_up_to(max_retries, count.text);
        if (attempts == 0)
            return base::fail(words.error(count, "how often, a number from 1 to 1000"));
        result_.restart = {RestartPolicy::on_failure, attempts};
    } else {
        return base::fail(words.error(policy, "a policy: no, always or on-failure N"));
    }
    return end_of(words);
}

Done Parser::health_check(Words& words, const Word& directive) {
    TRY(once(words, directive, health_line_, "only one HEALTHCHECK; the first is in line"));
    HealthCheck check;
    Word word = TRY(words.next());
    if (word.text == "interval") {
        const Word time = TRY(words.next());
        const auto interval = duration_ms(time.text);
        if (!interval)
            return base::fail(
                words.error(time, "a time from 10ms to 1000h, such as 500ms, 30s or 5m"));
        check.interval_ms = *interval;
        word = TRY(words.next());
    }
    if (word.text == "retries") {
        const Word count = TRY(words.next());
        check.retries = number_up_to(max_retries, count.text);
        if (check.retries == 0)
            return base::fail(words.error(count, "how often, a number from 1 to 1000"));
        word = TRY(words.next());
    }
    if (!is_normal_path(word.text) || word.text == "/")
        return base::fail(words.error(
            word, "interval TIME, retries N (in this order), or the absolute path of a program"));
    TRY(words_into(words, word, check.program, "a program and at most 15 arguments"));
    result_.health_check = check;
    return {};
}

Done Parser::depends(Words& words, const Word&) {
    Word image = TRY(words.next());
    do {
        if (!is_image_name(image.text) || image.text == "minimal")
            return base::fail(words.error(image, "the name of an image that runs (a-z 0-9 . _ -)"));
        if (std::ranges::find(result_.depends, image.text) == result_.depends.end() &&
            !result_.depends.push(image.text))
            return base::fail(words.error(image, "at most 8 images"));
        image = TRY(words.next());
    } while (!image.end);
    return {};
}

Done Parser::copy(Words& words, const Word& directive) {
    const Step step{Step::Kind::copy, line_, words.rest()};
    constexpr std::string_view from = "--from=";
    Word word = TRY(words.next());
    if (word.text.starts_with("--")) {
        const std::string_view image = word.text.substr(std::min(from.size(), word.text.size()));
        if (!word.text.starts_with(from) || !is_image_name(image) || image == "minimal")
            return base::fail(
                words.error(word, "--from=IMAGE, the name of an image with files of its own"));
        word = TRY(words.next());
    }
    Word last{.column = word.column, .end = true};
    std::size_t count = 0;
    for (; !word.end; word = TRY(words.next())) {
        if (count != 0 && !is_copied_path(last.text))
            return base::fail(words.error(last, "a path in the folder to copy from, without `..`"));
        if (count++ > max_copied)
            return base::fail(words.error(word, "at most 15 sources and a destination"));
        last = word;
    }
    if (count < 2)
        return base::fail(words.error(word, "what to copy, and where to: SOURCE... DESTINATION"));
    if (!is_copy_destination(last.text))
        return base::fail(words.error(last, "an absolute path without `.`, `..` or `//`"));
    if (count > 2 && !last.text.ends_with('/'))
        return base::fail(
            words.error(last, "a directory, with a `/` at its end: there are several sources"));
    return add_step(words, directive, step);
}

Done Parser::build(Words& words, const Word& directive) {
    const Step step{Step::Kind::build, line_, words.rest()};
    const Word word = TRY(words.next());
    if (!is_normal_path(word.text) || word.text == "/")
        return base::fail(words.error(word, "the absolute path of a program"));
    Bounded<std::string_view, max_entrypoint> program;
    TRY(words_into(words, word, program, "a program and at most 15 arguments"));
    return add_step(words, directive, step);
}

Done Parser::add_step(Words& words, const Word& directive, const Step& step) {
    if (!result_.steps.push(step))
        return base::fail(words.error(directive, "at most 32 of COPY and BUILD"));
    return {};
}

Done Parser::limit(Words& words, const Word&) {
    const Word what = TRY(words.next());
    for (std::size_t i = 0; i < limit_count; ++i) {
        const LimitKind& kind = limit_kinds[i];
        if (what.end || what.text != kind.name) continue;
        TRY(once(words, what, limit_lines_[i], kind.twice));
        const Word word = TRY(words.next());
        if (!kind.read(word.text, result_)) return base::fail(words.error(word, kind.expected));
        return end_of(words);
    }
    return base::fail(
        words.error(what, "what to limit: memory, cpu, processes, descriptors, time, disk or log"));
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
