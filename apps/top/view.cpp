// SPDX-License-Identifier: MIT
#include "apps/top/view.hpp"

#include <signal.h>
#include <algorithm>
#include <array>
#include <cstring>
#include <functional>

#include "apps/top/columns.hpp"

namespace top {

namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::size_t lines_above = 4;
constexpr std::size_t longest_answer = 60;
constexpr int control_z = 0x1a;

struct OrderWord {
    Order order;
    int key;
    std::string_view word, head;
};
constexpr std::array orders{
    OrderWord{Order::cpu, 'P', "cpu", "CPU"}, OrderWord{Order::memory, 'M', "mem", "memory"},
    OrderWord{Order::messages, 'I', "msgs", "messages"},
    OrderWord{Order::time, 'T', "time", "time"}, OrderWord{Order::number, 'N', "pid", "number"}};

std::string two_digits(std::uint64_t number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
}

// 0:01.25, minutes before the colon.
std::string time_text(std::uint64_t ns) {
    const std::uint64_t seconds = ns / second_ns;
    return std::to_string(seconds / 60) + ":" + two_digits(seconds % 60) + "." +
           two_digits(ns / 10'000'000 % 100);
}

// TERM, SIGTERM or 15.
std::optional<int> parse_signal(std::string_view text) {
    if (text.starts_with("SIG")) text.remove_prefix(3);
    for (int number = 1; number < NSIG; ++number) {
        const char* name = sigabbrev_np(number);
        if (name != nullptr && text == name) return number;
    }
    const auto number = procfs::parse_number(text);
    if (!number || *number == 0 || *number >= NSIG) return std::nullopt;
    return static_cast<int>(*number);
}

// What decides between two rows; the larger is shown first.
template <class Row>
std::uint64_t weight(const Row& row, Order order, std::uint64_t memory, std::uint64_t cpu_ns) {
    switch (order) {
        case Order::cpu:      return row.cpu_tenths;
        case Order::memory:   return memory;
        case Order::messages: return row.messages_per_second;
        case Order::time:     return cpu_ns;
        case Order::number:   break;
    }
    return 0;  // as they came
}

template <class Row, class Weight>
void sort_rows(std::vector<Row>& rows, bool backwards, Weight&& weight_of) {
    std::ranges::stable_sort(rows, std::greater{}, weight_of);
    if (backwards) std::ranges::reverse(rows);
}

constexpr std::string_view container_head =
    "CONTAINER      IMAGE        USER     PROCS  %CPU    MEM  LIMIT  MSG/S     TIME";

}  // namespace

std::optional<Order> parse_order(std::string_view word) {
    const auto* const found = std::ranges::find(orders, word, &OrderWord::word);
    return found == orders.end() ? std::nullopt : std::optional{found->order};
}

void View::take(const Snapshot& snapshot, std::int64_t wall_seconds) {
    processes_ = rates(last_, snapshot);
    busy_tenths_ = busy_tenths(last_, snapshot);
    last_ = snapshot;
    wall_seconds_ = wall_seconds;
    make_rows();
}

bool View::is_shown(const Process& process) const {
    const std::string user = procfs::user_name(passwd_, process.user);
    if (!options_.user.empty() && options_.user != user &&
        options_.user != std::to_string(process.user))
        return false;
    if (!options_.pids.empty() && !std::ranges::contains(options_.pids, process.pid)) return false;
    if (!options_.container.empty() && options_.container != process.container) return false;
    return filter_.empty() || user.contains(filter_) || process.name.contains(filter_) ||
           process.arguments.contains(filter_) || process.container.contains(filter_) ||
           process.image.contains(filter_) || std::to_string(process.pid) == filter_;
}

std::vector<ProcessRow> View::chosen_rows() const {
    std::vector<ProcessRow> rows;
    std::ranges::copy_if(processes_, std::back_inserter(rows),
                         [this](const ProcessRow& row) { return is_shown(row.process); });
    return rows;
}

std::string View::process_head() const {
    return "  PID USER     CONTAINER      S  %CPU    MEM  MSG/S     TIME COMMAND";
}

std::string View::process_text(const ProcessRow& row) const {
    const Process& process = row.process;
    return fit(std::to_string(process.pid), 5, true) + " " +
           fit(procfs::user_name(passwd_, process.user), 8) + " " +
           fit(process.container.empty() ? "-" : process.container, 14) + " " + process.state +
           " " + fit(tenths_text(row.cpu_tenths), 5, true) + " " +
           fit(size_text(process.memory_kib), 6, true) + " " +
           fit(std::to_string(row.messages_per_second), 6, true) + " " +
           fit(time_text(process.cpu_ns), 8, true) + " " + command_of(process);
}

std::string View::container_text(const ContainerRow& row) const {
    return fit(row.name, 14) + " " + fit(row.image, 12) + " " +
           fit(procfs::user_name(passwd_, row.user), 8) + " " +
           fit(std::to_string(row.processes), 5, true) + " " +
           fit(tenths_text(row.cpu_tenths), 5, true) + " " +
           fit(size_text(row.memory_kib), 6, true) + " " + fit(size_text(row.limit_kib), 6, true) +
           " " + fit(std::to_string(row.messages_per_second), 6, true) + " " +
           fit(time_text(row.cpu_ns), 8, true);
}

// The first line stays chosen, whatever comes there; any other choice is what stood in it, wherever that is then.
void View::make_rows() {
    const Row chosen = at_ < rows_.size() ? rows_[at_] : Row{};
    rows_.clear();
    std::vector<ProcessRow> processes = chosen_rows();
    if (options_.by_container) {
        std::vector<ContainerRow> containers = by_container(processes);
        sort_rows(containers, backwards_, [this](const ContainerRow& row) {
            return weight(row, options_.order, row.memory_kib, row.cpu_ns);
        });
        for (const ContainerRow& row : containers)
            rows_.push_back({.container = row.name, .text = container_text(row)});
    } else {
        sort_rows(processes, backwards_, [this](const ProcessRow& row) {
            return weight(row, options_.order, row.process.memory_kib, row.process.cpu_ns);
        });
        for (const ProcessRow& row : processes)
            rows_.push_back({.pid = row.process.pid,
                             .container = row.process.container,
                             .text = process_text(row)});
    }
    const auto found = std::ranges::find_if(rows_, [&](const Row& row) {
        return row.pid == chosen.pid && row.container == chosen.container;
    });
    if (at_ != 0 && found != rows_.end()) at_ = static_cast<std::size_t>(found - rows_.begin());
    choose(0);
}

void View::choose(std::ptrdiff_t step) {
    const auto last = static_cast<std::ptrdiff_t>(rows_.size()) - 1;
    const auto wanted = static_cast<std::ptrdiff_t>(at_) + step;
    at_ = static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, std::min(wanted, last)));
}

// The same again: the other way round.
void View::choose_order(Order order) {
    backwards_ = order == options_.order && !backwards_;
    options_.order = order;
    make_rows();
}

// Its processes.
void View::open_container() {
    if (!options_.by_container || at_ >= rows_.size()) return;
    options_.container = rows_[at_].container;
    options_.by_container = false;
    at_ = 0;
    make_rows();
}

View::Outcome View::press(int key) {
    message_.clear();
    if (key == key::end_of_text) return {.quit = true};
    if (key == control_z) return {.stop = true};
    return question_ == Question::none ? press_command(key) : press_answer(key);
}

View::Outcome View::press_command(int key) {
    const auto* const order = std::ranges::find(orders, key, &OrderWord::key);
    if (order != orders.end()) {
        choose_order(order->order);
        return {};
    }
    const auto page = static_cast<std::ptrdiff_t>(room_);
    const auto all = static_cast<std::ptrdiff_t>(rows_.size());
    switch (key) {
        case 'q':            return {.quit = true};
        case ' ':            return {.refresh = true};
        case key::up:        choose(-1); break;
        case key::down:      choose(1); break;
        case key::page_up:   choose(-page); break;
        case key::page_down: choose(page); break;
        case key::home:      choose(-all); break;
        case key::end:       choose(all); break;
        case key::enter:     open_container(); break;
        case 'R':
            backwards_ = !backwards_;
            make_rows();
            break;
        case 'c':
            options_.by_container = !options_.by_container;
            options_.container.clear();
            make_rows();
            break;
        case '/':
            question_ = Question::filter;
            typed_ = filter_;
            break;
        case 'k':
            if (!options_.by_container && at_ < rows_.size()) {
                question_ = Question::process;
                typed_ = std::to_string(rows_[at_].pid);
            }
            break;
        default: break;
    }
    return {};
}

View::Outcome View::press_answer(int key) {
    switch (key) {
        case key::escape: question_ = Question::none; break;
        case key::enter:  return answer();
        case key::backspace:
        case '\b':
            if (!typed_.empty()) typed_.pop_back();
            break;
        default:
            if (key >= ' ' && key < key::backspace && typed_.size() < longest_answer)
                typed_ += static_cast<char>(key);
    }
    return {};
}

View::Outcome View::answer() {
    const Question asked = question_;
    question_ = Question::none;
    const auto number = procfs::parse_number(typed_);
    switch (asked) {
        case Question::filter:
            filter_ = typed_;
            make_rows();
            break;
        case Question::process:
            if (typed_.empty()) break;
            if (!number || *number == 0 || *number > 0x7fff'ffff) {
                message_ = typed_ + " is not the number of a process";
                break;
            }
            victim_ = static_cast<std::uint32_t>(*number);
            question_ = Question::signal;
            typed_ = "TERM";
            break;
        case Question::signal:
            if (const auto signal = parse_signal(typed_))
                return {.refresh = true, .kill = Kill{.pid = victim_, .signal = *signal}};
            message_ = typed_ + " is not a signal";
            break;
        case Question::none: break;
    }
    return {};
}

std::string View::third_line() const {
    switch (question_) {
        case Question::filter:  return "Show only what has in it: " + typed_ + "_";
        case Question::process: return "Kill the process: " + typed_ + "_";
        case Question::signal:  return "Signal to " + std::to_string(victim_) + ": " + typed_ + "_";
        case Question::none:    break;
    }
    if (!message_.empty()) return message_;
    std::string shown;
    if (!options_.container.empty()) shown += "in " + options_.container + "  ";
    if (!filter_.empty()) shown += "with `" + filter_ + "`  ";
    return shown + "q quit  P M I T N order  R reverse  c containers  / filter  k kill";
}

std::vector<Line> View::lines(Size size) {
    const auto* const order = std::ranges::find(orders, options_.order, &OrderWord::order);
    std::uint64_t messages = 0;
    for (const ProcessRow& row : processes_) messages += row.messages_per_second;
    const auto running = std::ranges::count_if(
        processes_, [](const ProcessRow& row) { return row.process.state == 'R'; });
    const auto day = static_cast<std::uint64_t>(wall_seconds_) % 86400;
    std::vector<Line> lines{
        {"top - " + clock_text(day) + " up " + clock_text(last_.at_ns / second_ns) + ", load " +
         last_.load + ", by " + std::string(order->head) + (backwards_ ? ", reversed" : "")},
        {std::to_string(processes_.size()) + " processes, " + std::to_string(running) +
         " running  CPU " + tenths_text(busy_tenths_) + "%  memory " +
         size_text(last_.total_kib - std::min(last_.total_kib, last_.free_kib)) + " of " +
         size_text(last_.total_kib) + "  messages " + std::to_string(messages) + "/s"},
        {size.lines == 0 ? "" : third_line()},
        {options_.by_container ? std::string(container_head) : process_head(), Line::Style::head}};
    room_ = size.lines == 0 ? rows_.size() : size.lines - std::min(size.lines, lines_above);
    room_ = std::max<std::size_t>(room_, 1);
    first_ = std::min({first_, at_, rows_.size() - std::min(rows_.size(), room_)});
    first_ = std::max(first_, at_ + 1 - std::min(at_ + 1, room_));
    for (std::size_t i = first_; i < rows_.size() && i < first_ + room_; ++i) {
        const bool chosen = i == at_ && size.lines != 0;
        lines.push_back({rows_[i].text, chosen ? Line::Style::chosen : Line::Style::plain});
    }
    if (size.lines != 0 && lines.size() > size.lines) lines.resize(size.lines);
    if (size.columns != 0) {
        for (Line& line : lines) line.text = cut(line.text, size.columns);
    }
    return lines;
}

}  // namespace top
