// SPDX-License-Identifier: MIT
// What top shows, and what its keys do: no terminal, no system call.
//
//     line 1, 2    the system
//     line 3       a question, a message, or the keys
//     line 4       what the columns are
//     from 5 on    processes or containers, the chosen one marked
//
// A key is for the question, while there is one: what to kill, with which signal, what to show.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/top/samples.hpp"

namespace top {

namespace key {
constexpr int enter = '\r', escape = 0x1b, backspace = 0x7f, end_of_text = 3;
constexpr int up = 256, down = 257, page_up = 258, page_down = 259, home = 260, end = 261;
}  // namespace key

enum class Order : std::uint8_t { cpu, memory, messages, time, number };
// cpu, mem, msgs, time or pid.
[[nodiscard]] std::optional<Order> parse_order(std::string_view word);

struct Line {
    enum class Style : std::uint8_t { plain, head, chosen };
    std::string text;
    Style style = Style::plain;
    friend bool operator==(const Line&, const Line&) = default;
};

struct Size {
    std::size_t lines = 24, columns = 80;
};

class View {
public:
    struct Options {
        Order order = Order::cpu;
        bool by_container = false;
        std::string user;  // whose processes alone are shown; empty: all
        std::vector<std::uint32_t> pids;
        std::string container;
    };
    View(Options options, std::string passwd)
        : options_(std::move(options)), passwd_(std::move(passwd)) {}

    void take(const Snapshot& snapshot, std::int64_t wall_seconds);

    struct Kill {
        std::uint32_t pid = 0;
        int signal = 0;
    };
    struct Outcome {
        bool quit = false, stop = false, refresh = false;
        std::optional<Kill> kill;
    };
    Outcome press(int key);
    void tell(std::string message) { message_ = std::move(message); }

    // As many as there is room for; `size.lines` 0: all.
    [[nodiscard]] std::vector<Line> lines(Size size);

private:
    enum class Question : std::uint8_t { none, filter, process, signal };

    struct Row {
        std::uint32_t pid = 0;
        std::string container;
        std::string text;
        friend bool operator==(const Row&, const Row&) = default;
    };

    [[nodiscard]] bool is_shown(const Process& process) const;
    [[nodiscard]] std::vector<ProcessRow> chosen_rows() const;
    [[nodiscard]] std::string process_head() const;
    [[nodiscard]] std::string process_text(const ProcessRow& row) const;
    [[nodiscard]] std::string container_text(const ContainerRow& row) const;
    [[nodiscard]] std::string third_line() const;
    void make_rows();
    void choose(std::ptrdiff_t step);
    void choose_order(Order order);
    Outcome press_command(int key);
    Outcome press_answer(int key);
    Outcome answer();
    void open_container();

    Options options_;
    std::string passwd_;
    bool backwards_ = false;
    std::string filter_;

    Snapshot last_;
    std::vector<ProcessRow> processes_;
    std::uint64_t busy_tenths_ = 0;
    std::int64_t wall_seconds_ = 0;

    std::vector<Row> rows_;
    std::size_t at_ = 0;     // the chosen row
    std::size_t first_ = 0;  // at the top
    std::size_t room_ = 1;

    Question question_ = Question::none;
    std::string typed_;
    std::uint32_t victim_ = 0;
    std::string message_;
};

}  // namespace top
