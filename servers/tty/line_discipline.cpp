// SPDX-License-Identifier: MIT
#include "servers/tty/line_discipline.hpp"

#include <algorithm>

namespace tty {

namespace {

constexpr std::uint32_t signal_interrupt = 2;
constexpr std::uint32_t signal_quit = 3;
constexpr std::uint32_t signal_stop = 20;

bool is_control(char byte) { return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f; }
bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }
bool is_word_byte(char byte) { return byte != ' ' && byte != '\t'; }

}  // namespace

// ---- input --------------------------------------------------------------------------------------

void LineDiscipline::receive(std::string_view bytes) {
    for (const char byte : bytes) {
        receive_byte(byte);
    }
}

std::size_t LineDiscipline::room() const {
    const std::size_t used = std::min(line_.size() + ready_.size(), input_limit - 1);
    if (used < input_limit - 1) {
        return input_limit - 1 - used;
    }
    return local(LocalFlags::canonical) && lines_.empty() ? 1 : 0;
}

void LineDiscipline::receive_byte(char byte) {
    if (literal_) {
        literal_ = false;
        echo(byte);
        take(byte);
        return;
    }
    if (!translate(byte) || handle_flow(byte) || handle_signal(byte)) {
        return;
    }
    if (!local(LocalFlags::canonical)) {
        echo(byte);
        take(byte);
        return;
    }
    if (handle_editing(byte)) {
        return;
    }
    if (byte == '\n' || is(byte, line_end_character) || is(byte, second_line_end_character)) {
        if (local(LocalFlags::echo) || (byte == '\n' && local(LocalFlags::echo_newline))) {
            write(std::string_view(&byte, 1));
        }
        line_ += byte;
        complete_line(false);
        return;
    }
    if (is(byte, end_character)) {
        complete_line(line_.empty());
        return;
    }
    if (line_.size() + ready_.size() >= input_limit - 1) {
        host_.transmit("\a");
        return;
    }
    echo(byte);
    take(byte);
}

// Changes the byte as the input flags say; false: it is dropped.
bool LineDiscipline::translate(char& byte) const {
    if (input(InputFlags::strip)) {
        byte = static_cast<char>(byte & 0x7f);
    }
    if (byte == '\r') {
        if (input(InputFlags::ignore_return)) {
            return false;
        }
        if (input(InputFlags::return_to_newline)) {
            byte = '\n';
        }
    } else if (byte == '\n' && input(InputFlags::newline_to_return)) {
        byte = '\r';
    }
    return true;
}

bool LineDiscipline::handle_flow(char byte) {
    if (!input(InputFlags::flow_output)) {
        return false;
    }
    if (is(byte, stop_character)) {
        stopped_ = true;
        return true;
    }
    const bool starts = is(byte, start_character);
    if (stopped_ && (starts || input(InputFlags::any_restarts))) {
        stopped_ = false;
        host_.transmit(held_);
        held_.clear();
    }
    return starts;
}

bool LineDiscipline::handle_signal(char byte) {
    if (!local(LocalFlags::signals)) {
        return false;
    }
    std::uint32_t number = 0;
    if (is(byte, interrupt_character)) {
        number = signal_interrupt;
    } else if (is(byte, quit_character)) {
        number = signal_quit;
    } else if (is(byte, suspend_character)) {
        number = signal_stop;
    } else {
        return false;
    }
    if (!local(LocalFlags::no_flush)) {
        flush_input();
    }
    if (local(LocalFlags::echo)) {
        echo(byte);
    }
    host_.signal(number);
    return true;
}

bool LineDiscipline::handle_editing(char byte) {
    if (is(byte, erase_character_place)) {
        erase_character(true);
    } else if (is(byte, kill_character)) {
        kill_line();
    } else if (local(LocalFlags::extended) && is(byte, word_erase_character)) {
        erase_word();
    } else if (local(LocalFlags::extended) && is(byte, reprint_character)) {
        reprint();
    } else if (local(LocalFlags::extended) && is(byte, literal_character)) {
        literal_ = true;
        if (local(LocalFlags::echo)) {
            host_.transmit("^\b");
        }
    } else {
        return false;
    }
    return true;
}

void LineDiscipline::take(char byte) {
    if (local(LocalFlags::canonical)) {
        line_ += byte;
    } else if (ready_.size() < input_limit) {
        ready_.push_back(byte);
    } else {
        host_.transmit("\a");
    }
}

void LineDiscipline::complete_line(bool with_end_mark) {
    if (!with_end_mark || !line_.empty()) {
        ready_.insert(ready_.end(), line_.begin(), line_.end());
        lines_.push_back(line_.size());
    } else {
        lines_.push_back(0);
    }
    line_.clear();
}

void LineDiscipline::erase_character(bool visibly) {
    if (line_.empty()) {
        return;
    }
    if (input(InputFlags::utf8)) {
        while (line_.size() > 1 && is_continuation(line_.back())) {
            line_.pop_back();
        }
    }
    const char byte = line_.back();
    line_.pop_back();
    if (!visibly || !local(LocalFlags::echo)) {
        return;
    }
    if (!local(LocalFlags::echo_erase)) {
        echo(static_cast<char>(settings_.characters[erase_character_place]));
        return;
    }
    if (byte == '\t') {
        reprint();  // how wide it was depends on all before it
        return;
    }
    host_.transmit(is_control(byte) && local(LocalFlags::echo_control) ? "\b \b\b \b" : "\b \b");
}

void LineDiscipline::erase_word() {
    while (!line_.empty() && !is_word_byte(line_.back())) {
        erase_character(true);
    }
    while (!line_.empty() && is_word_byte(line_.back())) {
        erase_character(true);
    }
}

void LineDiscipline::kill_line() {
    const bool erase = local(LocalFlags::echo_kill_erase) && local(LocalFlags::echo_erase);
    while (!line_.empty()) {
        erase_character(erase);
    }
    if (!erase && local(LocalFlags::echo) && local(LocalFlags::echo_kill)) {
        write("\n");
    }
}

void LineDiscipline::reprint() {
    write("\n");
    for (const char byte : line_) {
        echo(byte);
    }
}

void LineDiscipline::echo(char byte) {
    if (!local(LocalFlags::echo)) {
        return;
    }
    if (is_control(byte) && local(LocalFlags::echo_control) && byte != '\t' && byte != '\n') {
        const char shown[2] = {'^', static_cast<char>(byte ^ 0x40)};
        host_.transmit(std::string_view(shown, 2));
        return;
    }
    write(std::string_view(&byte, 1));
}

// ---- reading --------------------------------------------------------------------------------------

bool LineDiscipline::readable() const {
    return local(LocalFlags::canonical) ? !lines_.empty() : !ready_.empty();
}

std::string LineDiscipline::read(std::size_t length) {
    std::size_t count = std::min(length, ready_.size());
    if (!lines_.empty()) {
        std::size_t& line = lines_.front();
        count = std::min(count, line);
        line -= count;
        if (line == 0) {
            lines_.pop_front();
        }
    } else if (local(LocalFlags::canonical)) {
        return {};
    }
    const auto end = ready_.begin() + static_cast<std::ptrdiff_t>(count);
    std::string result(ready_.begin(), end);
    ready_.erase(ready_.begin(), end);
    return result;
}

void LineDiscipline::unread(std::string_view bytes) {
    ready_.insert(ready_.begin(), bytes.begin(), bytes.end());
    if (local(LocalFlags::canonical)) {
        lines_.push_front(bytes.size());
    }
}

std::size_t LineDiscipline::pending() const {
    if (!local(LocalFlags::canonical)) {
        return ready_.size();
    }
    return lines_.empty() ? 0 : lines_.front();
}

void LineDiscipline::set(const Settings& settings) {
    const bool was_canonical = local(LocalFlags::canonical);
    settings_ = settings;
    if (was_canonical && !local(LocalFlags::canonical)) {
        // A line that was being edited can be read as it is.
        ready_.insert(ready_.end(), line_.begin(), line_.end());
        line_.clear();
        lines_.clear();
    } else if (!was_canonical && local(LocalFlags::canonical) && !ready_.empty()) {
        lines_.push_back(ready_.size());
    }
}

void LineDiscipline::flush_input() {
    line_.clear();
    ready_.clear();
    lines_.clear();
}

// ---- output ---------------------------------------------------------------------------------------

void LineDiscipline::process_output(char byte, std::string& out) const {
    if (byte == '\n' && (settings_.output & OutputFlags::newline_to_return_newline) != 0) {
        out += "\r\n";
    } else if (byte == '\r' && (settings_.output & OutputFlags::return_to_newline) != 0) {
        out += '\n';
    } else {
        out += byte;
    }
}

void LineDiscipline::write(std::string_view bytes) {
    std::string out;
    if ((settings_.output & OutputFlags::process) == 0) {
        out = bytes;
    } else {
        out.reserve(bytes.size() + 16);
        for (const char byte : bytes) {
            process_output(byte, out);
        }
    }
    if (stopped_) {
        held_ += out;
    } else {
        host_.transmit(out);
    }
}

}  // namespace tty
