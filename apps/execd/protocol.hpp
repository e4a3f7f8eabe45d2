// SPDX-License-Identifier: MIT
//
// What the host and execd say to each other.
//
// The request is a file on the disk's throw-away copy, /var/exec/request: a list of records, each a
// letter, its text and a zero byte.
//
//     P path         move /var/exec/put/N to this path, N counting the P records from 0
//     G path         after the command, copy this path to /var/exec/get/N, N counting the G records
//     E name=value   one variable of the environment
//     D path         the working directory
//     I              the command's standard input is /var/exec/stdin (without it: empty)
//     A word         one word of the command
//     K              keep the machine running for more requests
//
// With K, each further request comes over the serial line: its length in decimal, a line feed, and
// its records. The length 0 ends the session.
//
// The answer comes over the second serial line in frames: a kind (one byte), a length (two bytes,
// little end first), and that many bytes. So the command's output passes unchanged, whatever bytes
// it has.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace execd {

inline constexpr const char* request_path = "/var/exec/request";
inline constexpr const char* put_folder = "/var/exec/put";
inline constexpr const char* get_folder = "/var/exec/get";
inline constexpr const char* stdin_path = "/var/exec/stdin";
inline constexpr const char* serial_path = "/dev/ttyS1";

enum class Frame : std::uint8_t {
    Begin = 'b',    // empty, and the first: the system is up
    Output = 'o',   // the command's standard output
    Error = 'e',    // the command's standard error
    Problem = 'p',  // a sentence: something was asked that could not be done
    Status = 's',   // the command's exit status in decimal; the last frame
};

struct Request {
    std::vector<std::string> put;
    std::vector<std::string> get;
    std::vector<std::string> environment;
    std::vector<std::string> words;
    std::string directory = "/";
    bool has_input = false;
    bool keeps_running = false;
};

// The serial line, as a place to write frames to.
class Channel {
public:
    // Opens the line and switches it to raw bytes; false if there is no such line.
    bool open();
    void send(Frame kind, const char* data, std::size_t size) const;
    void send(Frame kind, const std::string& text) const { send(kind, text.data(), text.size()); }
    // Waits until the line has passed on all that was sent.
    void drain() const;
    // The records of the next request; empty when there is none.
    std::string receive() const;

private:
    int fd_ = -1;
};

// The contents of the request file; empty if there is none.
std::string read_request_file();

// Takes a request's records apart; false if one is of an unknown kind or there is no command.
bool parse_request(const std::string& records, Request& request);

// Moves or copies a file, a symbolic link or a folder with all below it. Returns an empty string,
// or what went wrong.
std::string move_in(const std::string& from, const std::string& to);
std::string copy_out(const std::string& from, const std::string& to);

// Runs the command, sends its output as it comes, and returns its status: the exit status, 128 +
// the signal's number, 126 or 127 if it could not be started.
int run_command(const Request& request, const Channel& channel);

}  // namespace execd
