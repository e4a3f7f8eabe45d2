// SPDX-License-Identifier: MIT
#include "shell/line/completion.hpp"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <set>

#include "shell/builtins/builtin.hpp"
#include "shell/line/names.hpp"
#include "shell/syntax/lexer.hpp"

namespace shell {

namespace {

constexpr std::string_view images_folder = "/var/images";

std::string escaped(std::string_view text) {
    std::string result;
    for (char c : text) {
        if (std::string_view(" \t\n\\'\"$`|&;<>()*?[]#~!{}").contains(c)) result += '\\';
        result += c;
    }
    return result;
}

bool is_directory(const std::string& path) {
    struct stat status;
    return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

bool is_program(const std::string& path) {
    struct stat status;
    return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
           (status.st_mode & 0111) != 0;
}

// The names in a directory that begin with a prefix, in order. Hidden ones only if the prefix has the dot.
std::set<std::string> names_in(const std::string& directory, std::string_view prefix) {
    std::set<std::string> result;
    DIR* stream = opendir(directory.c_str());
    if (stream == nullptr) return result;
    while (dirent* entry = readdir(stream)) {
        std::string_view name = entry->d_name;
        bool hidden = name.starts_with('.') && !prefix.starts_with('.');
        if (!hidden && name != "." && name != ".." && name.starts_with(prefix))
            result.emplace(name);
    }
    closedir(stream);
    return result;
}

void add_files(const std::string& word, const Variables& variables, Completion& completion) {
    std::size_t slash = word.rfind('/');
    std::string folder = slash == word.npos ? "" : word.substr(0, slash + 1);
    std::string real = folder;
    // A tilde stays in the line as it is.
    bool at_home = folder.starts_with("~/");
    if (at_home) real = std::string(variables.get_or("HOME", "")) + folder.substr(1);
    for (const std::string& name :
         names_in(real.empty() ? "." : real, word.substr(folder.size()))) {
        bool directory = is_directory(real + name);
        std::string end = directory ? "/" : "";
        std::string start = at_home ? "~" + escaped(folder.substr(1)) : escaped(folder);
        completion.candidates.push_back({start + escaped(name) + end, name + end, !directory});
    }
}

void add_commands(const std::string& word, const Variables& variables, Completion& completion) {
    std::set<std::string> names;
    for (const Builtin& builtin : builtins()) {
        if (builtin.name.starts_with(word)) names.emplace(builtin.name);
    }
    std::string_view path = variables.get_or("PATH", "/bin");
    while (true) {
        std::size_t end = path.find(':');
        std::string folder(path.substr(0, end));
        for (const std::string& name : names_in(folder, word)) {
            if (is_program(folder + "/" + name)) names.insert(name);
        }
        if (end == path.npos) break;
        path.remove_prefix(end + 1);
    }
    for (const std::string& name : names) completion.candidates.push_back({escaped(name), name});
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
    return std::ranges::find(words, word) != words.end();
}

bool expects_image(const std::vector<std::string>& before) {
    if (before.empty()) return false;
    if (before[0] == "spawn" || before[0] == "spawnbg") return before.size() == 1;
    if (before[0] != "container" || before.size() < 2) return false;
    const std::size_t most = before[1] == "diff" ? 3 : 2;
    return before.size() <= most &&
           is_one_of(before[1], {"run", "images", "check", "explain", "trace", "diff", "export"});
}

// Of what names a container: those that run, or those that have ended, too.
bool expects_running_container(const std::vector<std::string>& before) {
    return before.size() == 2 && before[0] == "container" &&
           is_one_of(before[1], {"stop", "exec", "kill", "top", "stats"});
}
bool expects_container(const std::vector<std::string>& before) {
    return before.size() == 2 && before[0] == "container" &&
           is_one_of(before[1], {"rm", "inspect", "logs", "restart", "wait"});
}

void add_names(const std::vector<std::string>& names, const std::string& word,
               Completion& completion) {
    for (const std::string& name : names) {
        if (name.starts_with(word)) completion.candidates.push_back({escaped(name), name});
    }
}

void add_processes(const std::string& word, Completion& completion) {
    for (const auto& [id, name] : process_names()) {
        if (id.starts_with(word)) completion.candidates.push_back({id, id + " (" + name + ")"});
    }
}

// ~ and the beginning of a user's name.
void add_homes(const std::string& word, Completion& completion) {
    for (const std::string& name : user_names()) {
        if (name.starts_with(word.substr(1)))
            completion.candidates.push_back({"~" + name + "/", "~" + name + "/", false});
    }
}

bool only_assignments(const std::vector<std::string>& before) {
    return std::ranges::all_of(before, [](const std::string& word) {
        std::size_t equals = word.find('=');
        return equals != word.npos && is_name(std::string_view(word).substr(0, equals));
    });
}

}  // namespace

// A line that is being written is seldom a whole command, so the parser is no help: this follows only the quotes, and
// what begins a new command.
WordAtCursor word_at_cursor(std::string_view text) {
    WordAtCursor result;
    char quote = 0;
    bool in_word = false;
    auto end_word = [&] {
        if (in_word) result.before.push_back(std::move(result.word));
        result.word.clear();
        in_word = false;
    };
    for (std::size_t at = 0; at < text.size(); ++at) {
        char c = text[at];
        if (quote != 0) {
            if (c == quote) {
                quote = 0;
            } else {
                result.word += c;
            }
            continue;
        }
        if (std::string_view(" \t\n|&;()<>{}").contains(c)) {
            end_word();
            result.start = at + 1;
            bool redirection = c == '<' || c == '>';
            if (redirection) result.before.emplace_back(1, c);
            if (!redirection && c != ' ' && c != '\t') result.before.clear();
            continue;
        }
        if (!in_word) result.start = at;
        in_word = true;
        if (c == '\'' || c == '"') {
            quote = c;
        } else if (c == '\\' && at + 1 < text.size()) {
            result.word += text[++at];
        } else {
            result.word += c;
        }
    }
    return result;
}

void ShellCompleter::add_jobs(const std::string& word, Completion& completion) {
    for (const Job& job : jobs_.all()) {
        const std::string number = "%" + std::to_string(job.number);
        if (job.number != 0 && number.starts_with(word))
            completion.candidates.push_back({number, number + " (" + job.source + ")"});
    }
}

Completion ShellCompleter::complete(std::string_view text) {
    WordAtCursor at = word_at_cursor(text);
    Completion completion{.start = at.start};
    const std::string_view command = at.before.empty() ? "" : std::string_view(at.before[0]);
    if (is_one_of(command, {"fg", "bg", "kill", "wait", "stop", "disown"}) &&
        at.word.starts_with('%')) {
        add_jobs(at.word, completion);
    } else if (is_one_of(command, {"fg", "bg", "stop", "disown"})) {
        add_jobs("%" + at.word, completion);
    } else if (is_one_of(command, {"kill", "wait"}) && !at.word.starts_with('-')) {
        add_processes(at.word, completion);
    } else if (is_one_of(command, {"su", "id", "passwd", "userdel", "chown", "groups"}) &&
               at.before.size() == 1 && !at.word.starts_with('-')) {
        add_names(user_names(), at.word, completion);
    } else if (expects_running_container(at.before)) {
        add_names(container_names(variables_, false), at.word, completion);
    } else if (expects_container(at.before)) {
        add_names(container_names(variables_, true), at.word, completion);
    } else if (at.word.starts_with('~') && !at.word.contains('/')) {
        add_homes(at.word, completion);
    } else if (expects_image(at.before) && !at.word.contains('/')) {
        for (const std::string& name : names_in(std::string(images_folder), at.word))
            completion.candidates.push_back({escaped(name), name});
        if (at.before.size() > 1 && is_one_of(at.before[1], {"check", "explain", "diff"}))
            add_files(at.word, variables_, completion);
    } else if (only_assignments(at.before) && !at.word.contains('/') && !at.word.empty()) {
        add_commands(at.word, variables_, completion);
    } else {
        add_files(at.word, variables_, completion);
    }
    return completion;
}

}  // namespace shell
