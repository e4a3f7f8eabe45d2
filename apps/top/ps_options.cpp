// SPDX-License-Identifier: MIT
#include "apps/top/ps_options.hpp"

#include <functional>
#include <optional>

namespace top {

namespace {

// Columns, each with `=HEAD` if it has another one than its own.
constexpr std::string_view plain_format = "pid tty time comm=CMD";
constexpr std::string_view bsd_format = "pid tty stat time args";
constexpr std::string_view full_format = "user=UID pid ppid c start=STIME tty time args=CMD";
constexpr std::string_view long_format = "s uid pid ppid pgid sid rss vsz tty time comm=CMD";
constexpr std::string_view jobs_format = "pid pgid sid tty time comm=CMD";
constexpr std::string_view bsd_jobs_format = "ppid pid pgid sid tty stat uid time args";
constexpr std::string_view user_format = "user pid %cpu %mem vsz rss tty=TTY stat start time args";
constexpr std::string_view container_format = "user pid container %cpu rss msgs time args";

class Parser {
public:
    Parser(std::span<const std::string> words, std::string_view passwd)
        : words_(words), passwd_(passwd) {}

    std::expected<PsOptions, std::string> parse() {
        while (at_ < words_.size() && error_.empty()) {
            const std::string_view word = words_[at_++];
            if (word.starts_with("--"))
                long_option(word.substr(2));
            else if (word.starts_with('-') && word.size() > 1)
                short_options(word.substr(1));
            else
                bsd_options(word);
        }
        if (!error_.empty()) return std::unexpected(error_);
        if (options_.shown.empty()) add_format(format_);
        return options_;
    }

private:
    void fail(std::string text) {
        if (error_.empty()) error_ = std::move(text);
    }

    // What is left of a cluster of options is the value, or else the next word.
    std::string value(std::string_view option, std::string_view& rest) {
        std::string text(rest);
        rest = {};
        if (text.empty() && at_ < words_.size()) text = words_[at_++];
        if (text.empty()) fail("-" + std::string(option) + " needs a value");
        return text;
    }

    // Words with commas or blanks between.
    static std::vector<std::string> split(std::string_view text) {
        std::vector<std::string> parts;
        while (!text.empty()) {
            const std::string_view part = text.substr(0, text.find_first_of(", "));
            text.remove_prefix(std::min(part.size() + 1, text.size()));
            if (!part.empty()) parts.emplace_back(part);
        }
        return parts;
    }

    void add_numbers(std::string_view text, std::vector<std::uint32_t>& to) {
        for (const std::string& part : split(text)) {
            const auto number = procfs::parse_number(part);
            if (!number || *number == 0 || *number > 0xffff'ffff)
                return fail(part + " is not the number of a process");
            to.push_back(static_cast<std::uint32_t>(*number));
        }
    }

    void add_users(std::string_view text) {
        for (const std::string& part : split(text)) {
            const auto id = procfs::user_id(passwd_, part);
            if (!id) return fail("there is no user " + part);
            options_.selection.users.push_back(*id);
        }
    }

    void add_terminals(std::string_view text) {
        constexpr std::string_view folder = "/dev/";
        for (const std::string& part : split(text))
            options_.selection.terminals.push_back(
                part.starts_with(folder) ? part.substr(folder.size()) : part);
    }

    static void add_words(std::string_view text, std::vector<std::string>& to) {
        for (std::string& part : split(text)) to.push_back(std::move(part));
    }

    void add_column(std::string_view name, std::optional<std::string_view> head) {
        const Column* column = find_column(name);
        if (column == nullptr)
            return fail("no column " + std::string(name) + "; there are: " + column_names());
        options_.shown.push_back({column, std::string(head.value_or(column->head))});
    }

    // `-o`: what follows a `=` is a head, to the end of the word (POSIX).
    void add_columns(std::string_view text) {
        const std::size_t equals = text.find('=');
        const std::vector<std::string> parts = split(text.substr(0, equals));
        for (std::size_t i = 0; i < parts.size(); ++i) {
            const bool headed = equals != text.npos && i + 1 == parts.size();
            add_column(parts[i], headed ? std::optional{text.substr(equals + 1)} : std::nullopt);
        }
        if (parts.empty()) fail("-o needs the names of columns: " + column_names());
    }

    void add_format(std::string_view format) {
        for (const std::string& part : split(format)) {
            const std::string_view text = part;
            const std::size_t equals = text.find('=');
            add_column(text.substr(0, equals),
                       equals == text.npos ? std::nullopt : std::optional{text.substr(equals + 1)});
        }
    }

    void set_sort(std::string_view key) {
        options_.backwards = key.starts_with('-');
        if (key.starts_with('-') || key.starts_with('+')) key.remove_prefix(1);
        options_.sorted_by = find_column(key);
        if (options_.sorted_by == nullptr)
            fail("no column " + std::string(key) + " to sort by; there are: " + column_names());
    }

    void short_options(std::string_view cluster) {
        // What people type who mean BSD's.
        if (cluster.starts_with("aux")) return bsd_options(cluster);
        Selection& selection = options_.selection;
        while (!cluster.empty() && error_.empty()) {
            const std::string_view option = cluster.substr(0, 1);
            cluster.remove_prefix(1);
            switch (option[0]) {
                case 'e':
                case 'A': selection.scope = Selection::Scope::all; break;
                case 'a': selection.scope = Selection::Scope::terminals; break;
                case 'd': selection.scope = Selection::Scope::no_leaders; break;
                case 'f': format_ = full_format; break;
                case 'l': format_ = long_format; break;
                case 'j': format_ = jobs_format; break;
                case 'w': options_.wide = true; break;
                case 'o': add_columns(value(option, cluster)); break;
                case 'p': add_numbers(value(option, cluster), selection.pids); break;
                case 's':
                case 'g': add_numbers(value(option, cluster), selection.sessions); break;
                case 'u':
                case 'U': add_users(value(option, cluster)); break;
                case 't': add_terminals(value(option, cluster)); break;
                case 'C': add_words(value(option, cluster), selection.names); break;
                default:  fail("no option -" + std::string(option)); break;
            }
        }
    }

    void bsd_options(std::string_view cluster) {
        Selection& selection = options_.selection;
        if (!cluster.empty() && cluster[0] >= '0' && cluster[0] <= '9')
            return add_numbers(cluster, selection.pids);
        if (selection.scope == Selection::Scope::own_terminal)
            selection.scope = Selection::Scope::bsd;
        if (format_ == plain_format) format_ = bsd_format;
        while (!cluster.empty() && error_.empty()) {
            const std::string_view option = cluster.substr(0, 1);
            cluster.remove_prefix(1);
            switch (option[0]) {
                case 'a': selection.other_users = true; break;
                case 'x': selection.without_terminal = true; break;
                case 'u': format_ = user_format; break;
                case 'l': format_ = long_format; break;
                case 'j': format_ = bsd_jobs_format; break;
                case 'w': options_.wide = true; break;
                case 'h': options_.with_head = false; break;
                case 'o': add_columns(value(option, cluster)); break;
                case 'p': add_numbers(value(option, cluster), selection.pids); break;
                case 'U': add_users(value(option, cluster)); break;
                case 't': add_terminals(value(option, cluster)); break;
                default:  fail("no option " + std::string(option)); break;
            }
        }
    }

    void long_option(std::string_view word) {
        const std::size_t equals = word.find('=');
        const std::string_view name = word.substr(0, equals);
        const auto given = [&] {
            std::string_view rest = equals == word.npos ? "" : word.substr(equals + 1);
            return value("-" + std::string(name), rest);
        };
        Selection& selection = options_.selection;
        if (name == "sort") return set_sort(given());
        if (name == "format") return add_columns(given());
        if (name == "pid") return add_numbers(given(), selection.pids);
        if (name == "ppid") return add_numbers(given(), selection.parents);
        if (name == "user") return add_users(given());
        if (name == "tty") return add_terminals(given());
        if (name == "containers") {
            format_ = container_format;
            selection.scope = Selection::Scope::all;
        } else if (name == "container") {
            if (format_ == plain_format) format_ = container_format;
            add_words(given(), selection.containers);
        } else if (name == "no-headers" || name == "no-heading" || name == "noheaders") {
            options_.with_head = false;
        } else {
            fail("no option --" + std::string(name));
        }
    }

    std::span<const std::string> words_;
    std::string_view passwd_;
    std::size_t at_ = 0;
    PsOptions options_;
    std::string_view format_ = plain_format;
    std::string error_;
};

}  // namespace

std::expected<PsOptions, std::string> parse_ps(std::span<const std::string> words,
                                               std::string_view passwd) {
    return Parser(words, passwd).parse();
}

}  // namespace top
