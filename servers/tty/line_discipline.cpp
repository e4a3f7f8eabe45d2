// SPDX-License-Identifier: MIT
#include "servers/tty/line_discipline.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "libs/base/wipe.hpp"

namespace tty {

namespace {

constexpr std::uint32_t signal_interrupt = 2;
constexpr std::uint32_t signal_quit = 3;
constexpr std::uint32_t signal_stop = 20;

bool is_control(char byte) { return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f; }
bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }
bool is_upper(char byte) { return byte >= 'A' && byte <= 'Z'; }
bool is_lower(char byte) { return byte >= 'a' && byte <= 'z'; }
// A letter, a digit, or the first byte of a character beyond ASCII.
bool begins_word_character(char byte) {
    return is_upper(byte) || is_lower(byte) || (byte >= '0' && byte <= '9') || byte == '_' ||
           static_cast<unsigned char>(byte) >= 0xc0;
}
constexpr std::size_t tab_width = 8;
constexpr char letter_case = 'a' - 'A';

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

std::size_t LineDiscipline::last_that_drops(std::string_view bytes) const {
    if (!local(LocalFlags::signals) || local(LocalFlags::no_flush)) {
        return bytes.npos;
    }
    std::size_t found = bytes.npos;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        const bool quoted =
            at > 0 && local(LocalFlags::extended) && is(bytes[at - 1], literal_character);
        if (!quoted && (is(bytes[at], interrupt_character) || is(bytes[at], quit_character) ||
                        is(bytes[at], suspend_character))) {
            found = at;
        }
    }
    return found;
}

void LineDiscipline::receive_byte(char byte) {
    if (literal_) {
        literal_ = false;
        byte = input(InputFlags::strip) ? static_cast<char>(byte & 0x7f) : byte;
        take(byte);
        return;
    }
    if (!translate(byte) || handle_flow(byte) || handle_signal(byte)) {
        return;
    }
    if (!local(LocalFlags::canonical) || !(handle_editing(byte) || handle_line_end(byte))) {
        take(byte);
    }
}

// Changes the byte as the input flags say; false: it is dropped.
bool LineDiscipline::translate(char& byte) const {
    if (input(InputFlags::strip)) {
        byte = static_cast<char>(byte & 0x7f);
    }
    if (input(InputFlags::lower_case) && local(LocalFlags::extended) && is_upper(byte)) {
        byte = static_cast<char>(byte + letter_case);
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
        set_stopped(true, stopped_by_program_);
        return true;
    }
    const bool starts = is(byte, start_character);
    if (starts || input(InputFlags::any_restarts)) {
        set_stopped(false, stopped_by_program_);
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
        flush_output();
    }
    if (input(InputFlags::flow_output)) {
        set_stopped(false, stopped_by_program_);
    }
    echo(byte);
    host_.signal(number);
    return true;
}

bool LineDiscipline::handle_editing(char byte) {
    const bool extended = local(LocalFlags::extended);
    if (is(byte, erase_character_place)) {
        erase_character();
    } else if (is(byte, kill_character)) {
        kill_line();
    } else if (extended && is(byte, word_erase_character)) {
        erase_word();
    } else if (extended && local(LocalFlags::echo) && is(byte, reprint_character)) {
        reprint();
    } else if (extended && is(byte, literal_character)) {
        literal_ = true;
        if (local(LocalFlags::echo)) {
            end_erasing();
            write(local(LocalFlags::echo_control) ? "^\b" : "");
        }
    } else {
        return false;
    }
    return true;
}

bool LineDiscipline::handle_line_end(char byte) {
    if (is(byte, end_character)) {
        complete_line();
        return true;
    }
    const bool second = local(LocalFlags::extended) && is(byte, second_line_end_character);
    if (byte != '\n' && !is(byte, line_end_character) && !second) {
        return false;
    }
    if (byte == '\n' && (local(LocalFlags::echo) || local(LocalFlags::echo_newline))) {
        end_erasing();
        write("\n");
    } else if (byte != '\n') {
        echo(byte);
    }
    line_ += byte;
    complete_line();
    return true;
}

void LineDiscipline::take(char byte) {
    const std::size_t used = line_.size() + ready_.size();
    if (used >= (local(LocalFlags::canonical) ? input_limit - 1 : input_limit)) {
        refuse();
        return;
    }
    if (local(LocalFlags::echo)) {
        end_erasing();
        start_column_ = line_.empty() ? column_ : start_column_;
        // A carriage return that has become a line feed is shown as one.
        byte == '\n' ? write("\n") : echo(byte);
    }
    if (local(LocalFlags::canonical)) {
        line_ += byte;
    } else {
        ready_.push_back(byte);
    }
}

void LineDiscipline::refuse() {
    if (input(InputFlags::bell_when_full)) {
        put("\a");
    }
}

// Of no bytes: the end of the input.
void LineDiscipline::complete_line() {
    ready_.insert(ready_.end(), line_.begin(), line_.end());
    lines_.push_back(line_.size());
    base::wipe(line_);
}

// ---- editing ----------------------------------------------------------------------------------------

std::string LineDiscipline::take_last() {
    std::size_t start = line_.size() - 1;
    while (input(InputFlags::utf8) && start != 0 && is_continuation(line_[start])) {
        --start;
    }
    std::string character = line_.substr(start);
    line_.resize(start);
    return character;
}

void LineDiscipline::erase_character() {
    if (line_.empty()) {
        return;
    }
    const std::string character = take_last();
    if (!local(LocalFlags::echo_erase) && !local(LocalFlags::echo_erased)) {
        echo(static_cast<char>(settings_.characters[erase_character_place]));
    } else {
        show_erased(character);
    }
    if (line_.empty()) {
        end_erasing();
    }
}

// Back over what is no word, and then over the word.
void LineDiscipline::erase_word() {
    bool in_word = false;
    while (!line_.empty()) {
        std::string character = take_last();
        if (begins_word_character(character.front())) {
            in_word = true;
        } else if (in_word) {
            line_ += character;
            return;
        }
        show_erased(character);
    }
    end_erasing();
}

void LineDiscipline::kill_line() {
    const bool visibly = local(LocalFlags::echo_kill) && local(LocalFlags::echo_kill_erase) &&
                         local(LocalFlags::echo_erase);
    while (visibly && local(LocalFlags::echo) && !line_.empty()) {
        show_erased(take_last());
    }
    const bool had_some = !line_.empty();
    base::wipe(line_);
    end_erasing();
    if (had_some && local(LocalFlags::echo) && !visibly) {
        echo(static_cast<char>(settings_.characters[kill_character]));
        write(local(LocalFlags::echo_kill) ? "\n" : "");
    }
}

// This character was the line's last.
void LineDiscipline::show_erased(std::string_view character) {
    if (!local(LocalFlags::echo)) {
        return;
    }
    const char first = character.front();
    if (local(LocalFlags::echo_erased)) {
        write(std::exchange(erasing_, true) ? "" : "\\");
        echo(first);
        write(character.substr(1));
    } else if (first == '\t') {
        const std::size_t tab = line_.rfind('\t');
        const std::size_t before = tab == std::string::npos
                                       ? start_column_ + width(line_)
                                       : width(std::string_view{line_}.substr(tab + 1));
        write(std::string(tab_width - before % tab_width, '\b'));
    } else {
        for (std::size_t i = width(character); i != 0; --i) {
            write("\b \b");
        }
    }
}

void LineDiscipline::end_erasing() {
    if (std::exchange(erasing_, false)) {
        write("/");
    }
}

// Columns that it takes when it is echoed, tabs apart.
std::size_t LineDiscipline::width(std::string_view text) const {
    std::size_t columns = 0;
    for (const char byte : text) {
        if (is_control(byte)) {
            columns += local(LocalFlags::echo_control) ? 2 : 0;
        } else {
            columns += input(InputFlags::utf8) && is_continuation(byte) ? 0 : 1;
        }
    }
    return columns;
}

void LineDiscipline::reprint() {
    end_erasing();
    echo(static_cast<char>(settings_.characters[reprint_character]));
    write("\n");
    start_column_ = column_;
    for (const char byte : line_) {
        echo(byte);
    }
}

void LineDiscipline::echo(char byte) {
    if (!local(LocalFlags::echo)) {
        return;
    }
    if (is_control(byte) && local(LocalFlags::echo_control) && byte != '\t') {
        const char shown[2] = {'^', static_cast<char>(byte ^ 0x40)};
        put(std::string_view(shown, 2));
        column_ += 2;
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
    forget(end);
    return result;
}

// It may be a password.
void LineDiscipline::forget(std::deque<char>::iterator end) {
    std::fill(ready_.begin(), end, '\0');
    base::keep_writes();
    ready_.erase(ready_.begin(), end);
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
    return std::accumulate(lines_.begin(), lines_.end(), std::size_t{0});
}

void LineDiscipline::set(const Settings& settings) {
    const bool was_canonical = local(LocalFlags::canonical);
    settings_ = settings;
    if (was_canonical && !local(LocalFlags::canonical)) {
        // A line that was being edited can be read as it is.
        ready_.insert(ready_.end(), line_.begin(), line_.end());
        base::wipe(line_);
        lines_.clear();
    } else if (!was_canonical && local(LocalFlags::canonical) && !ready_.empty()) {
        lines_.push_back(ready_.size());
    }
    // Nothing that one could type would start it again.
    if (!input(InputFlags::flow_output)) {
        set_stopped(false, stopped_by_program_);
    }
}

void LineDiscipline::flush_input() {
    base::wipe(line_);
    forget(ready_.end());
    lines_.clear();
    erasing_ = false;
    host_.input_dropped();
}

// ---- output ---------------------------------------------------------------------------------------

void LineDiscipline::flush_output() {
    held_.clear();
    host_.discard();
}

void LineDiscipline::stop_output() { set_stopped(stopped_, true); }

void LineDiscipline::start_output() {
    if (stopped_by_program_) {
        set_stopped(false, false);
    }
}

void LineDiscipline::send(ControlCharacter which) {
    if (const char byte = static_cast<char>(settings_.characters[which])) {
        host_.transmit(std::string_view{&byte, 1});
    }
}

void LineDiscipline::set_stopped(bool by_character, bool by_program) {
    const bool before = output_stopped();
    stopped_ = by_character;
    stopped_by_program_ = by_program;
    if (!output_stopped() && !held_.empty()) {
        host_.transmit(std::exchange(held_, {}));
    }
    if (output_stopped() != before) {
        host_.output_stops(!before);
    }
}

std::size_t LineDiscipline::longest_output() const {
    const bool spaces =
        (settings_.output & OutputFlags::tabs_to_spaces) == OutputFlags::tabs_to_spaces;
    return spaces ? tab_width : 2;
}

void LineDiscipline::process_output(char byte, std::string& out) {
    switch (byte) {
        case '\n':
            out += output(OutputFlags::newline_to_return_newline) ? "\r\n" : "\n";
            if (output(OutputFlags::newline_to_return_newline | OutputFlags::newline_returns)) {
                column_ = 0;
            }
            return;
        case '\r':
            if (output(OutputFlags::no_return_at_column_0) && column_ == 0) {
                return;
            }
            if (output(OutputFlags::return_to_newline)) {
                out += '\n';
                column_ = output(OutputFlags::newline_returns) ? 0 : column_;
                return;
            }
            out += '\r';
            column_ = 0;
            return;
        case '\t': {
            const std::size_t spaces = tab_width - column_ % tab_width;
            out += longest_output() == tab_width ? std::string(spaces, ' ') : std::string("\t");
            column_ += spaces;
            return;
        }
        case '\b':
            out += '\b';
            column_ -= column_ != 0 ? 1 : 0;
            return;
        default: break;
    }
    const bool raises = output(OutputFlags::upper_case) && is_lower(byte);
    out += raises ? static_cast<char>(byte - letter_case) : byte;
    const bool continues = input(InputFlags::utf8) && is_continuation(byte);
    column_ += is_control(byte) || continues ? 0 : 1;
}

void LineDiscipline::write(std::string_view bytes) {
    if (!output(OutputFlags::process)) {
        put(bytes);
        return;
    }
    std::string out;
    out.reserve(bytes.size() + 16);
    for (const char byte : bytes) {
        process_output(byte, out);
    }
    put(out);
}

// As it is.
void LineDiscipline::put(std::string_view bytes) {
    if (output_stopped()) {
        held_ += bytes.substr(0, held_limit - std::min(held_limit, held_.size()));
    } else if (!bytes.empty()) {
        host_.transmit(bytes);
    }
}

}  // namespace tty
