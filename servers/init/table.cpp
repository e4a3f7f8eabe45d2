// SPDX-License-Identifier: MIT
#include "servers/init/table.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "abi/kernel/operation.hpp"
#include "libs/base/parse.hpp"

namespace init {
namespace {

constexpr std::size_t max_name = 23;  // of a program and of a capability (rt::StartInfo)

// The words of one line, taken from the left.
class Words {
public:
    explicit Words(std::string_view line) : rest_(line.substr(0, line.find('#'))) { skip(); }

    [[nodiscard]] bool empty() const { return rest_.empty(); }
    std::string_view next() {
        const std::string_view word = rest_.substr(0, rest_.find_first_of(blanks));
        rest_.remove_prefix(word.size());
        skip();
        return word;
    }
    // Takes the next word only if it is this one.
    bool take(std::string_view wanted) {
        if (rest_.substr(0, rest_.find_first_of(blanks)) != wanted) {
            return false;
        }
        next();
        return true;
    }
    // The rest of the line, as it stands there.
    std::string_view all() {
        const std::string_view rest = std::exchange(rest_, {});
        return rest.substr(0, rest.find_last_not_of(blanks) + 1);
    }

private:
    static constexpr std::string_view blanks = " \t\r";
    void skip() { rest_.remove_prefix(std::min(rest_.find_first_not_of(blanks), rest_.size())); }

    std::string_view rest_;
};

std::optional<std::uint64_t> number(std::string_view word) {
    return word.starts_with("0x") ? base::parse_number(word.substr(2), 16)
                                  : base::parse_number(word);
}

std::optional<std::uint64_t> size(std::string_view word) {
    if (word == "all") {
        return all_memory;
    }
    std::uint64_t unit = 0;
    switch (word.empty() ? '\0' : word.back()) {
        case 'K': unit = 1 << 10; break;
        case 'M': unit = 1 << 20; break;
        case 'G': unit = 1 << 30; break;
        default:  return std::nullopt;
    }
    const auto value = number(word.substr(0, word.size() - 1));
    std::uint64_t bytes = 0;
    if (!value || *value == 0 || __builtin_mul_overflow(*value, unit, &bytes)) {
        return std::nullopt;
    }
    return bytes;
}

struct KindName {
    std::string_view name;
    GrantKind kind;
};
constexpr std::array kinds = {
    KindName{"log", GrantKind::log},
    KindName{"log-reader", GrantKind::log_reader},
    KindName{"archive", GrantKind::archive},
    KindName{"boot-info", GrantKind::boot_info},
    KindName{"time-page", GrantKind::time_page},
    KindName{"framebuffer", GrantKind::framebuffer},
    KindName{"ports", GrantKind::ports},
    KindName{"interrupt", GrantKind::interrupt},
    KindName{"io-ports", GrantKind::io_ports},
    KindName{"interrupt-control", GrantKind::interrupt_control},
    KindName{"physical-memory", GrantKind::physical_memory},
};

class Parser {
public:
    explicit Parser(std::string_view command_line) : command_line_(command_line) {}

    void line(std::string_view text) {
        ++line_number_;
        Words words{text};
        if (words.empty()) {
            return;
        }
        const std::string_view directive = words.next();
        if (directive == "server") {
            begin_server(words);
        } else if (table_.servers.empty()) {
            complain("a server must come first");
        } else if (!server_directive(directive, words)) {
            complain("unknown directive", directive);
        }
        if (!words.empty()) {
            complain("not understood", words.next());
        }
    }

    Table finish() {
        std::erase_if(table_.servers, [](const ServerEntry& server) { return !server.wanted; });
        return std::move(table_);
    }

private:
    ServerEntry& server() { return table_.servers.back(); }

    void complain(std::string_view what, std::string_view word = {}) {
        std::array<char, 16> digits;
        const auto end =
            std::to_chars(digits.data(), digits.data() + digits.size(), line_number_).ptr;
        std::string text = "line ";
        text.append(digits.data(), end);
        text.append(": ").append(what);
        if (!word.empty()) {
            text.append(" \"").append(word).append("\"");
        }
        table_.complaints.push_back(std::move(text));
    }

    void begin_server(Words& words) {
        ServerEntry entry;
        entry.name = words.next();
        entry.file = words.next();
        if (entry.name.empty() || entry.name.size() > max_name || entry.file.empty()) {
            complain("expected: server NAME FILE");
            entry.wanted = false;  // what follows is about nothing
        }
        table_.servers.push_back(std::move(entry));
    }

    bool server_directive(std::string_view directive, Words& words) {
        if (directive == "when") {
            server().wanted &= has_word(command_line_, words.next());
        } else if (directive == "unless") {
            server().wanted &= !has_word(command_line_, words.next());
        } else if (directive == "hosted") {
            server().hosted = true;
        } else if (directive == "argument") {
            server().arguments.emplace_back(words.all());
        } else if (directive == "memory") {
            set(server().memory, size(words.next()), "expected a size, such as 512K, 4M or all");
        } else if (directive == "priority") {
            set(server().priority, number(words.next()), "expected a priority from 0 to 255");
        } else if (directive == "restart") {
            restart(words);
        } else if (directive == "needs") {
            needs(words.next());
        } else if (directive == "receive" || directive == "call") {
            service(directive == "call", words);
        } else if (directive == "grant") {
            grant(words);
        } else {
            return false;
        }
        return true;
    }

    template <class T>
    void set(T& field, std::optional<std::uint64_t> value, std::string_view otherwise) {
        if (!value || static_cast<T>(*value) != *value) {
            complain(otherwise);
            return;
        }
        field = static_cast<T>(*value);
    }

    void restart(Words& words) {
        if (words.take("always")) {
            server().restarts = restart_always;
        } else if (words.take("never")) {
            server().restarts = 0;
        } else {
            set(server().restarts, number(words.next()),
                "expected: restart always, never or a number");
        }
    }

    void needs(std::string_view name) {
        const auto end = table_.servers.end() - 1;
        const auto found = std::find_if(table_.servers.begin(), end,
                                        [&](const ServerEntry& one) { return one.name == name; });
        if (found == end) {
            complain("expected a server from above, not", name);
            return;
        }
        server().needs.push_back(found->name);
        server().needs.insert(server().needs.end(), found->needs.begin(), found->needs.end());
    }

    void service(bool call, Words& words) {
        GrantLine line{.kind = call ? GrantKind::call : GrantKind::receive,
                       .service = std::string{words.next()}};
        line.name = call ? line.service : "endpoint";
        line.first = table_.servers.size();
        if (line.service.empty()) {
            complain("expected the name of a service");
            return;
        }
        if (call && words.take("badge")) {
            set(line.first, number(words.next()), "expected a badge");
        }
        add(std::move(line), words);
    }

    void grant(Words& words) {
        const std::string_view name = words.next();
        const auto* kind = std::ranges::find(kinds, name, &KindName::name);
        if (kind == kinds.end()) {
            complain("unknown grant", name);
            (void)words.all();
            return;
        }
        GrantLine line{.kind = kind->kind, .name = std::string{name}};
        if (line.kind == GrantKind::ports) {
            set(line.first, number(words.next()), "expected the first port");
            set(line.count, number(words.next()), "expected how many ports");
        } else if (line.kind == GrantKind::interrupt) {
            set(line.first, number(words.next()), "expected the interrupt's number");
            line.flags |= words.take("level") ? abi::InterruptFlags::level : 0;
            line.flags |= words.take("low") ? abi::InterruptFlags::active_low : 0;
        }
        add(std::move(line), words);
    }

    void add(GrantLine line, Words& words) {
        if (words.take("as")) {
            line.name = words.next();
        }
        if (line.name.empty() || line.name.size() > max_name) {
            complain("the name of a capability has 1 to 23 letters");
            return;
        }
        server().grants.push_back(std::move(line));
    }

    std::string_view command_line_;
    Table table_;
    unsigned line_number_ = 0;
};

}  // namespace

bool has_word(std::string_view command_line, std::string_view word) {
    for (Words words{command_line}; !words.empty();) {
        const std::string_view one = words.next();
        if (!word.empty() && one.substr(0, one.find('=')) == word) {
            return true;
        }
    }
    return false;
}

Table parse_table(std::string_view text, std::string_view command_line) {
    Parser parser{command_line};
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        parser.line(line);
    }
    return parser.finish();
}

}  // namespace init
