// SPDX-License-Identifier: MIT
// The processes as POSIX sees them: numbers, families, groups, sessions, and who waits for whom. No
// kernel object is named here, so that all of it is tested on the host.
//
// A process is running, stopped (a job-control stop, until SIGCONT), or a zombie (ended, its status
// not yet fetched). What its parent has not yet been told about a stop or a continuation stands in
// `news`. Process 1 is procmgr itself: the parent of those whose parent has ended and who have no
// ancestor left that reaps. It never ends, belongs to no container, and takes no signals.
//
// Invariants: `parent` is always in the table. A group is the processes that carry its number; it
// exists while one of them (zombies included) does, and all of them are in one session. A number is
// not given to a new process while a process, a group or a session has it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "interfaces/status.hpp"
#include "libs/base/result.hpp"

namespace procmgr {

using Pid = std::uint32_t;
using interfaces::Status;
template <class T>
using Result = base::Result<T, Status>;

struct Identity {
    std::uint32_t user = 0;
    std::uint32_t group = 0;
    friend bool operator==(const Identity&, const Identity&) = default;
};

// POSIX's three: the effective one says what the process may do, the others what it may become.
struct Identities {
    Identity real, effective, saved;
    friend bool operator==(const Identities&, const Identities&) = default;
};

struct Usage {
    std::uint64_t cpu_ns = 0;
    std::uint64_t peak_bytes = 0;
    std::uint64_t messages = 0;  // calls and sends of all its threads
};

enum class Life : std::uint8_t { running, stopped, zombie };
enum class News : std::uint8_t { none, stopped, continued };

using ImageSet = std::set<std::string, std::less<>>;

// "a\0b\0" -> a, b. Nothing: the last one has no end.
[[nodiscard]] std::optional<ImageSet> image_set(std::string_view names);

struct Process {
    Pid pid = 0, parent = 0, group = 0, session = 0;
    Identity identity;  // the effective one
    Identity real, saved;
    std::int32_t nice = 0;  // process::Nice
    std::uint32_t container = 0;
    std::uint32_t granted = 0;  // profiles that its next image may have (process::ChangeClient)
    Life life = Life::running;
    News news = News::none;
    bool executed = false;           // has replaced its image since the fork
    bool left_terminal = false;      // the session's is not this process's (process::LeaveTerminal)
    bool reaps = false;              // its descendants' orphans become its children
    std::uint32_t death_signal = 0;  // what it gets when its parent ends; 0: nothing
    std::uint32_t stop_signal = 0;   // of a stopped process
    std::uint32_t exit_status = 0;   // of a zombie, as in process::Wait
    std::uint64_t started_ns = 0;
    std::optional<ImageSet> images;  // whose containers it may start: its user's; nothing: all
    Usage usage;                     // of a zombie
    Usage children_usage;            // of the children it has waited for
    std::string name;                // at most 15 bytes
    std::string arguments;           // each followed by a zero byte
    std::string executable;          // absolute path

    [[nodiscard]] Identities identities() const { return {real, identity, saved}; }
    void set_identities(const Identities& to) {
        real = to.real;
        identity = to.effective;
        saved = to.saved;
    }
    // Wholly.
    void become(Identity who) { set_identities({who, who, who}); }
};

// Is it the one that started then? 0: any.
[[nodiscard]] inline bool has_started(const Process& process, std::uint64_t started_ns) {
    return started_ns == 0 || process.started_ns == started_ns;
}

class ProcessTable {
public:
    static constexpr Pid self = 1;
    static constexpr Pid max_pid = 99'999;
    static constexpr std::size_t max_processes = 4096;
    static constexpr std::size_t max_per_user = 2048;

    ProcessTable();

    [[nodiscard]] Process* find(Pid pid);
    [[nodiscard]] const Process* find(Pid pid) const;
    // A new process: a child of `parent`, in its group, session and container, with its identity and images.
    [[nodiscard]] Result<Process*> add(Pid parent);
    void remove(Pid pid) { processes_.erase(pid); }
    [[nodiscard]] std::size_t size() const { return processes_.size(); }
    // The next process with a number above `pid`, or nullptr.
    [[nodiscard]] const Process* after(Pid pid) const;

    template <class Visit>
    void for_each(Visit&& visit) {
        for (auto& [pid, process] : processes_) {
            visit(process);
        }
    }

    [[nodiscard]] bool group_exists(Pid group, Pid session) const;
    [[nodiscard]] std::vector<Pid> members(Pid group) const;
    // No living member has its parent in another group of the same session (POSIX, 3.264): nobody
    // is left who could continue the group once it stops.
    [[nodiscard]] bool is_orphaned(Pid group) const;
    [[nodiscard]] bool has_stopped_member(Pid group) const;

    // setpgid: arguments as in process::SetProcessGroup.
    [[nodiscard]] Result<void> set_group(Pid caller, std::int32_t pid, std::int32_t group);
    // setsid: the new session's number is the caller's.
    [[nodiscard]] Result<Pid> make_session(Pid caller);

    // The process has ended: a zombie from now on, and its children are those of its nearest ancestor
    // that reaps, or else procmgr's. Zombies that fall to procmgr are removed: nobody else will
    // fetch them. Gives all others.
    std::vector<Pid> end(Pid pid, std::uint32_t status, const Usage& usage);

private:
    [[nodiscard]] bool number_is_free(Pid number) const;
    [[nodiscard]] Pid reaper_of(const Process& process) const;

    std::map<Pid, Process> processes_;
    Pid next_ = self + 1;
};

}  // namespace procmgr
