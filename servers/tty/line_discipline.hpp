// SPDX-License-Identifier: MIT
// The line discipline: what happens to bytes between a terminal's line and the programs that read and write it.
//
// Input. In canonical mode bytes are gathered into a line, which can be edited (erase a character, a word, the line) until
// it is complete: by a line feed, or one of the line-end characters (which are part of it), or by the end character (which is not).
// Programs read complete lines only. Otherwise each byte can be read at once. Some characters are not input
// at all but send signals, or stop and start the output.
//
// Output. A line feed gets a carriage return before it, and so on.
//
// Pure: it knows no messages. What it wants done it tells its Host.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>

#include "interfaces/tty.hpp"

namespace tty {

class LineDiscipline {
public:
    class Host {
    public:
        // Bytes to go out on the line, ready for the device.
        virtual void transmit(std::string_view bytes) = 0;
        // Drops what went out and has not been seen yet.
        virtual void discard() = 0;
        // To the foreground process group.
        virtual void signal(std::uint32_t number) = 0;
        // For who watches the line: what had come in and nobody had read has been dropped; output stops, or goes on.
        virtual void input_dropped() {}
        virtual void output_stops(bool /*stops*/) {}

    protected:
        ~Host() = default;
    };

    // As POSIX's MAX_CANON: more is refused.
    static constexpr std::size_t input_limit = 4096;
    // Of what is echoed while the output is stopped; more is lost.
    static constexpr std::size_t held_limit = 4096;

    explicit LineDiscipline(Host& host) : host_(host) {}

    // How many bytes may come in now. At the limit there is still room for one at a time while no
    // line is complete: it may be the one that ends or edits it, and is refused otherwise.
    [[nodiscard]] std::size_t room() const;
    [[nodiscard]] bool may_signal() const { return local(LocalFlags::signals); }
    // Where the last of these bytes is that signals, and drops what came before it; npos: none does.
    [[nodiscard]] std::size_t last_that_drops(std::string_view bytes) const;
    // Bytes came in on the line.
    void receive(std::string_view bytes);
    // A program writes.
    void write(std::string_view bytes);

    // Can a read give something now, be it the end of the input?
    [[nodiscard]] bool readable() const;
    // Takes what one read of this length gets; empty: the end of the input (or nothing there).
    [[nodiscard]] std::string read(std::size_t length);
    // Gives back what could not be delivered.
    void unread(std::string_view bytes);
    // Bytes that could be read, in canonical mode those of all complete lines.
    [[nodiscard]] std::size_t pending() const;

    [[nodiscard]] const Settings& settings() const { return settings_; }
    void set(const Settings& settings);
    void flush_input();
    void flush_output();
    // By a program, not by a character.
    void stop_output();
    void start_output();
    // Sends the stop or start character to the line's other end, whether output is stopped or not.
    void send(ControlCharacter which);
    [[nodiscard]] bool output_stopped() const { return stopped_ || stopped_by_program_; }
    // What a byte can become at most on its way out.
    [[nodiscard]] std::size_t longest_output() const;

private:
    [[nodiscard]] bool local(std::uint32_t flag) const { return (settings_.local & flag) != 0; }
    [[nodiscard]] bool input(std::uint32_t flag) const { return (settings_.input & flag) != 0; }
    [[nodiscard]] bool output(std::uint32_t flag) const { return (settings_.output & flag) != 0; }
    [[nodiscard]] bool is(char byte, ControlCharacter which) const {
        const std::uint8_t character = settings_.characters[which];
        return character != 0 && static_cast<std::uint8_t>(byte) == character;
    }

    void receive_byte(char byte);
    [[nodiscard]] bool translate(char& byte) const;
    [[nodiscard]] bool handle_flow(char byte);
    [[nodiscard]] bool handle_signal(char byte);
    [[nodiscard]] bool handle_editing(char byte);
    [[nodiscard]] bool handle_line_end(char byte);
    void take(char byte);
    void refuse();
    void complete_line();
    // Takes what comes before `end` off what can be read, and leaves nothing of it in memory.
    void forget(std::deque<char>::iterator end);
    // Removes the last character from the line: a byte, or as many as belong to it in UTF-8.
    std::string take_last();
    void erase_character();
    void erase_word();
    void kill_line();
    void show_erased(std::string_view character);
    void end_erasing();
    void reprint();
    void echo(char byte);
    void put(std::string_view bytes);
    void process_output(char byte, std::string& out);
    [[nodiscard]] std::size_t width(std::string_view text) const;
    void set_stopped(bool by_character, bool by_program);

    Host& host_;
    Settings settings_ = default_settings();
    std::string line_;        // canonical: the line being edited
    std::deque<char> ready_;  // what programs can read
    std::deque<std::size_t>
        lines_;  // canonical: lengths of the complete lines in ready_; 0: an end of input
    bool literal_ = false;  // the next byte is input, whatever it is
    bool erasing_ = false;  // what is erased is being shown (echo_erased)
    bool stopped_ = false;
    bool stopped_by_program_ = false;
    std::string held_;              // output while stopped
    std::size_t column_ = 0;        // of the cursor, as far as the output tells
    std::size_t start_column_ = 0;  // where the line being edited begins
};

}  // namespace tty
