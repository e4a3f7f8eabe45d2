// SPDX-License-Identifier: MIT
// history and fc (POSIX.1-2024, fc).
#include <unistd.h>
#include <charconv>
#include <cstdlib>

#include "libs/base/scope_guard.hpp"
#include "shell/builtins/builtin.hpp"
#include "shell/builtins/quoting.hpp"
#include "shell/run/output.hpp"

namespace shell {

namespace {

constexpr std::size_t usually_listed = 16;

struct How {
    bool lists = false;      // -l
    bool numbers = true;     // not -n
    bool backwards = false;  // -r
    bool at_once = false;    // -s, and -e -
    std::string editor;
};

struct Range {
    std::size_t first = 0, last = 0;  // as they are to be taken: the first may be the later one
};

std::optional<How> take_options(Executor& executor, Arguments& arguments) {
    How how;
    const Variables& variables = executor.variables();
    how.editor = variables.get_or("FCEDIT", variables.get_or("EDITOR", "vi"));
    for (; !arguments.empty() && arguments[0].size() > 1 && arguments[0][0] == '-';
         arguments = arguments.subspan(1)) {
        if (arguments[0][1] >= '0' && arguments[0][1] <= '9') break;  // a place
        if (arguments[0] == "-e" && arguments.size() > 1) {
            arguments = arguments.subspan(1);
            how.editor = arguments[0];
            how.at_once |= how.editor == "-";
            continue;
        }
        for (char letter : std::string_view(arguments[0]).substr(1)) {
            how.lists |= letter == 'l';
            how.numbers &= letter != 'n';
            how.backwards |= letter == 'r';
            how.at_once |= letter == 's';
            if (!std::string_view("lnrs").contains(letter)) return std::nullopt;
        }
    }
    return how;
}

// A number, how many lines before (negative), or what the line begins with. Nothing: there is no such line.
std::optional<std::size_t> place_of(const std::vector<std::string>& lines,
                                    const std::string& text) {
    long number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const long count = static_cast<long>(lines.size());
    if (error == std::errc{} && end == text.data() + text.size()) {
        long place = number > 0 ? number - 1 : number < 0 ? count + number : count - 1;
        if (place >= count) return std::nullopt;
        return static_cast<std::size_t>(std::max(place, 0L));
    }
    for (std::size_t i = lines.size(); i-- > 0;) {
        if (lines[i].starts_with(text)) return i;
    }
    return std::nullopt;
}

std::optional<Range> range_of(const std::vector<std::string>& lines, const How& how,
                              Arguments arguments) {
    const std::size_t count = lines.size();
    Range range{.first = count - 1, .last = count - 1};
    if (arguments.empty()) {
        if (how.lists) range.first = count - std::min(count, usually_listed);
    } else {
        auto first = place_of(lines, arguments[0]);
        auto last = arguments.size() > 1 ? place_of(lines, arguments[1]) : first;
        if (!first || !last) {
            complain("fc: " + arguments[first ? 1 : 0] + ": no such line");
            return std::nullopt;
        }
        range = {*first, how.lists && arguments.size() == 1 ? count - 1 : *last};
    }
    if (how.backwards) std::swap(range.first, range.last);
    return range;
}

std::vector<std::size_t> places(const Range& range) {
    std::vector<std::size_t> result{range.first};
    while (result.back() != range.last)
        result.push_back(result.back() + (range.first < range.last ? 1 : -1UZ));
    return result;
}

// What an editor has made of the text; nothing: it failed, which has been said.
std::optional<std::string> edited(Executor& executor, const std::string& editor,
                                  const std::string& text) {
    char path[] = "/tmp/fc.XXXXXX";
    int file = mkstemp(path);
    base::ScopeGuard close_it([&] {
        if (file < 0) return;
        close(file);
        unlink(path);
    });
    if (file < 0 || !write_all(file, text)) {
        complain_errno("fc: no file for the editor", errno);
        return std::nullopt;
    }
    if (run_text(executor.session(), editor + " " + quoted(path), "fc") != 0) return std::nullopt;
    // By its name: an editor may have put another file there.
    return file_contents(path);
}

int carry_out(Executor& executor, const std::string& text) {
    Session& session = executor.session();
    std::string_view rest = text;
    while (!rest.empty()) {
        std::string_view line = rest.substr(0, rest.find('\n'));
        session.history.add(line);
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    }
    write_all(STDERR_FILENO, text);
    return run_text(session, text, "");
}

}  // namespace

int history_builtin(Executor& executor, Arguments arguments) {
    const auto& lines = executor.session().history.lines();
    std::size_t count = lines.size();
    if (!arguments.empty()) {
        const std::string& number = arguments[0];
        auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), count);
        if (error != std::errc{} || arguments.size() > 1) return usage_error("history");
    }
    std::string text;
    for (std::size_t i = lines.size() - std::min(count, lines.size()); i < lines.size(); ++i) {
        std::string number = std::to_string(i + 1);
        text.append(number.size() < 5 ? 5 - number.size() : 0, ' ');
        text += number + "  " + lines[i] + "\n";
    }
    return write_all(STDOUT_FILENO, text) ? 0 : 1;
}

int fc_builtin(Executor& executor, Arguments arguments) {
    auto how = take_options(executor, arguments);
    std::string old;
    std::string replacement;
    if (how && how->at_once && !arguments.empty() &&
        arguments[0].find('=', 1) != std::string::npos) {
        std::size_t equals = arguments[0].find('=', 1);
        old = arguments[0].substr(0, equals);
        replacement = arguments[0].substr(equals + 1);
        arguments = arguments.subspan(1);
    }
    if (!how || arguments.size() > (how->at_once ? 1 : 2)) return usage_error("fc");
    // A copy: what is carried out makes new lines.
    const std::vector<std::string> lines = executor.session().history.lines();
    if (lines.empty()) {
        complain("fc: nothing has been entered yet");
        return 1;
    }
    auto range = range_of(lines, *how, arguments);
    if (!range) return 1;
    std::string text;
    for (std::size_t place : places(*range)) {
        if (how->lists) text += how->numbers ? std::to_string(place + 1) + "\t" : "\t";
        text += lines[place] + "\n";
    }
    if (how->lists) return write_all(STDOUT_FILENO, text) ? 0 : 1;
    if (how->at_once) {
        if (std::size_t at = text.find(old); !old.empty() && at != text.npos)
            text.replace(at, old.size(), replacement);
        return carry_out(executor, text);
    }
    auto changed = edited(executor, how->editor, text);
    return changed ? carry_out(executor, *changed) : 1;
}

}  // namespace shell
