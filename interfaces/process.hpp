// SPDX-License-Identifier: MIT
// Protocol `process`: what a process asks of procmgr, by a capability whose badge is the process
// itself.
//
// Numbers of signals are POSIX's usual ones (as on Linux x86-64). `status` of an ended process: low
// byte 0 and the exit code in the second, or the signal's number in the low 7 bits (0x80: core);
// stopped: 0x7f and the signal in the second byte; continued: 0xffff. These are the same on every
// Unix.
#pragma once

#include <cstddef>
#include <cstdint>

namespace process {

struct Process;   // the caller's own process
struct Watching;  // somebody still wants to know of the end of a process
struct Sessions;  // held by the servers of terminals and devices: signals to sessions, the end

// Makes a copy of the caller: address space (copy on write; regions as their map flags say),
// capability table (the same slots). The copy has one thread, which starts at rip with rsp and rdi
// = 0; its two thread pages are fresh ones mapped at linux_threads. Payload: the user
// part of the control page (ControlPage::user) as the copy shall find it, but that procmgr sets
// ThreadArea's thread and sched_context to own_thread and own_sched_context. The first slots of
// ImageCapabilities in the copy hold the copy's own objects; those from first_copied on are copies
// of the caller's. The library sets the copy's upcalls first thing. Reply: the new process's id.
struct Fork {
    static constexpr std::uint16_t label = 1;
    static constexpr std::size_t payload = 4096;
    std::uint64_t rip = 0, rsp = 0;
    std::uint64_t fs_base = 0;
    std::uint32_t flags = 0;
    std::uint32_t reserved = 0;
    // Below linux_base the copy sees the caller's own memory, not a copy: until it ends, or settles
    // (AddressSpaceOp::settle) to execute. When the caller ends or executes before that, and when
    // the copy changes what is mapped there, the copy gets a copy after all.
    static constexpr std::uint32_t shares_memory = 1;
    struct Reply {
        std::uint32_t pid = 0;
    };
};

// Asked before execve commits. Payload: an ImageStart block (interfaces/process_image.hpp) as the new
// image should see it; if it does not fit, none, and a Memory with the block comes along. If the
// executable (the file that the caller's view shows at the block's path) has a Cluufile of its own,
// procmgr replaces the process by one with just that authority and never replies. Otherwise it
// replies, and the library loads the program in place; procmgr has noted the new name and arguments
// for /proc. A refusal for a mistake in the Cluufile (status invalid), or because what it asks for is
// not there or not permitted, is explained in the log; ExplainRefusal gets the text, for the program's
// standard error.
//
// What to do with a program without a Cluufile of its own is the same in two steps, for who has not looked yet whether it can be
// loaded at all: `only_image` notes nothing when there is none, and `in_place` does not look for one any more.
//
// The step `if_known` comes before anybody has looked at the program: procmgr replaces the process if it has done so before for this
// path and view, by `only_image`, and nothing has changed since. Else it replies, and has noted nothing.
//
// A path /var/images/NAME/Cluufile asks for the container of that image by its name. The caller must
// be able to read the Cluufile.
//
// The step `unseen`: the caller's view does not show the program. Then only GRANT argv start of the caller's container can have it run: with the
// view of who started that container. procmgr replaces the process by one with that view, or refuses; it never replies that
// the library shall go on. not_found: it may not be started.
struct Execute {
    static constexpr std::uint16_t label = 2;
    static constexpr std::size_t payload = 4096;
    static constexpr std::size_t max_capabilities = 1;
    std::uint64_t image_bytes = 0;  // length of the block that lies in a Memory
    static constexpr std::uint32_t whole = 0, only_image = 1, in_place = 2, unseen = 3,
                                   if_known = 4;  // invalid: another
    std::uint32_t step = whole;
    std::uint32_t reserved = 0;
    static constexpr std::size_t longest_path = 4095;  // invalid: it is longer
    struct Reply {
        std::uint32_t no_image = 0;  // to if_known: 1: no container is meant by this path
    };
};

struct Exit {  // never replies: the process's bank is destroyed
    static constexpr std::uint16_t label = 3;
    static constexpr std::uint32_t no_memory = 1;
    std::uint32_t status = 0;
    std::uint32_t cause = 0;  // what a person is told of an end by SIGKILL; 0: nothing
    struct Reply {};
};

struct Wait {  // interruptible. Waits for a child to end (or stop, or continue)
    static constexpr std::uint16_t label = 4;
    static constexpr std::uint32_t no_hang = 1, stopped = 2, continued = 4, keep = 8, exited = 16;
    std::int32_t pid = -1;  // > 0 that child; 0 own group; -1 any; < -1 that group
    std::uint32_t options = exited;
    std::uint64_t started_ns = 0;  // of one child: as Watch told it; 0: whoever has the number
    struct Reply {
        std::uint32_t pid = 0;  // 0: none (no_hang)
        std::uint32_t status = 0;
        std::uint64_t user_ns = 0, system_ns = 0;
        std::uint64_t peak_bytes = 0;
        std::uint32_t user = 0;
        std::uint32_t reserved = 0;
    };
};

struct Kill {
    static constexpr std::uint16_t label = 5;
    std::int32_t pid =
        0;  // as kill(2): > 0 one process, 0 own group, -1 all that one may, < -1 that group
    std::uint32_t signal = 0;
    std::int32_t code = 0;  // si_code
    std::uint32_t reserved = 0;
    std::uint64_t value = 0;
    std::uint64_t started_ns = 0;  // of one process: as Watch told it; 0: whoever has the number
    struct Reply {};
};

struct SetProcessGroup {
    static constexpr std::uint16_t label = 6;
    std::int32_t pid = 0, group = 0;
    struct Reply {};
};

struct Lookup {  // getpgid, getsid, existence
    static constexpr std::uint16_t label = 7;
    std::int32_t pid = 0;
    struct Reply {
        std::uint32_t pid = 0, parent = 0, group = 0, session = 0;
        std::uint32_t orphaned = 0;  // its group: nobody could continue it (POSIX)
        std::uint32_t reserved = 0;
    };
};

struct MakeSession {  // setsid
    static constexpr std::uint16_t label = 8;
    struct Reply {
        std::uint32_t session = 0;
    };
};

// The caller leads its session and has this terminal open: procmgr attaches the terminal
// (tty::Claim, tty::Attach) to the session.
struct SetTerminal {
    static constexpr std::uint16_t label = 9;
    static constexpr std::size_t capabilities = 1;  // the terminal's File
    std::uint32_t force = 0;
    std::uint32_t device = 0;  // as the caller knows it; not believed (tty::Identify)
    struct Reply {};
};

struct GetTerminal {  // /dev/tty: the session's controlling terminal
    static constexpr std::uint16_t label = 10;
    static constexpr std::size_t reply_capabilities = 1;
    struct Reply {
        std::uint32_t device = 0;  // its number as programs see it: major << 8 | minor
    };
};

// The caller has no controlling terminal any more, nor have its children to come. If it leads the session, nobody in that has:
// the terminal is free, and its foreground group gets SIGHUP and SIGCONT. not_terminal: it had none.
struct LeaveTerminal {
    static constexpr std::uint16_t label = 28;
    struct Reply {};
};

// Who the process is. The effective ids say what it may do, its view has them; the real and the saved
// ones what it may become: unless its effective user is 0, it may only take ids that are one of its three.
struct SetIdentity {
    static constexpr std::uint16_t label = 11;
    static constexpr std::uint32_t keep = ~std::uint32_t{0};
    std::uint32_t real_user = keep, user = keep, saved_user = keep;
    std::uint32_t real_group = keep, group = keep, saved_group = keep;
    struct Reply {};
};

// The nice values of processes: kept and told, and not acted on. no_process: there is none such;
// not_permitted: one is another user's; access_denied: lower than it was, which only user 0 may set.
struct Nice {
    static constexpr std::uint16_t label = 36;
    static constexpr std::uint32_t of_process = 0, of_group = 1, of_user = 2;
    static constexpr std::int32_t lowest = -20, highest = 19;
    std::uint32_t which = of_process;
    std::uint32_t who = 0;  // 0: the caller's own
    std::uint32_t set = 0;  // 1: to `value`
    std::int32_t value = 0;
    struct Reply {
        std::int32_t value = 0;  // the lowest one of them
        std::uint32_t reserved = 0;
    };
};

struct Stopped {  // the library stops for this signal; the reply comes when the process is
                  // continued (interruptible)
    static constexpr std::uint16_t label = 12;
    std::uint32_t signal = 0;
    struct Reply {};
};

// setitimer, alarm, timer_settime: SIGALRM (or `signal`) after value, then every interval. 0: off. The
// signals of timers other than 0 carry POSIX's code for timers (-2), and the timer in `status`. Two more timers, from
// `first_cpu_timer` on, count the process's CPU time, and their signals carry nothing.
struct SetTimer {
    static constexpr std::uint16_t label = 13;
    static constexpr std::uint32_t first_cpu_timer = 32, cpu_timers = 2;
    std::uint32_t timer = 0;  // 0: the real interval timer
    std::uint32_t signal = 14;
    std::uint64_t value_ns = 0, interval_ns = 0;
    struct Reply {
        std::uint64_t value_ns = 0, interval_ns = 0;  // what was set before
    };
};

struct GetUsage {  // getrusage, times
    static constexpr std::uint16_t label = 14;
    std::uint32_t children = 0;
    struct Reply {
        std::uint64_t user_ns = 0, system_ns = 0, peak_bytes = 0;
    };
};

struct SystemInfo {  // sysinfo
    static constexpr std::uint16_t label = 15;
    struct Reply {
        std::uint64_t total_bytes = 0, free_bytes = 0, uptime_ns = 0;
        std::uint32_t processes = 0;
        std::uint32_t load_1 = 0, load_5 = 0,
                      load_15 = 0;  // in so many minutes; thousandths of a CPU
    };
};

struct Shutdown {  // user 0 only. Ends everything in order, syncs, then powers off or restarts
    static constexpr std::uint16_t label = 16;
    std::uint32_t restart = 0;
    struct Reply {};
};

// The library met a system call that it does not have; counted per number, shown in the log once
// per number and program.
struct ReportMissing {
    static constexpr std::uint16_t label = 17;
    static constexpr std::size_t payload = 32;  // its name, if the library knows it
    std::uint64_t number = 0;
    struct Reply {};
};

// A capability to a service that the container's profile grants, by name: "container" (procmgr itself),
// or one of the start table, which is started for it (clients.hpp).
struct GetService {
    static constexpr std::uint16_t label = 18;
    static constexpr std::size_t payload = 64;
    static constexpr std::size_t reply_capabilities = 1;
    struct Reply {};
};

struct Rename {  // prctl(PR_SET_NAME) of the main thread
    static constexpr std::uint16_t label = 19;
    static constexpr std::size_t payload = 16;
    struct Reply {};
};

// Why the caller's latest Execute was refused: text of one line with a line feed; empty if there is
// no more to say than its status does.
struct ExplainRefusal {
    static constexpr std::uint16_t label = 20;
    static constexpr std::size_t reply_payload = 512;
    struct Reply {};
};

struct AwaitExecute {  // vfork: replies when this child of the caller has executed, or ended
    static constexpr std::uint16_t label = 21;
    std::uint32_t pid = 0;
    struct Reply {};
};

// prctl: what becomes of this process's family. `reaps`: descendants whose parent ends become children of
// this process, not of procmgr. `death_signal`: what this process gets when its own parent ends; 0:
// nothing. Neither is inherited by fork; both outlive execve.
struct SetFamily {
    static constexpr std::uint16_t label = 24;
    static constexpr std::uint32_t keep = ~std::uint32_t{0};
    std::uint32_t reaps = keep, death_signal = keep;
    struct Reply {  // what holds now
        std::uint32_t reaps = 0, death_signal = 0;
    };
};

// Tells when a process ends: what comes along, a drop-guarded capability to a Notification of the
// caller's, goes when it has ended, at once if it has. no_process: nor can the caller see it. A number may come again, but not with the
// same start. The container of the process pays, as long as somebody has the Watching (which may be
// used for nothing else). limit: too many watch it.
struct Watch {
    static constexpr std::uint16_t label = 25;
    static constexpr std::size_t capabilities = 1;
    static constexpr std::size_t reply_capabilities = 1;  // Watching
    std::int32_t pid = 0;
    std::uint32_t reserved = 0;
    struct Reply {
        std::uint64_t started_ns = 0;
    };
};

// An abstract name of local sockets, which no file system shows: the container's own, and each type's. It is
// there as long as the File that binds it. Payload: any bytes; none, to bind: procmgr chooses, and says
// what. exists, limit; to connect: not_found.
struct OpenSocketName {
    static constexpr std::uint16_t label = 26;
    static constexpr std::size_t longest = 107;
    static constexpr std::size_t payload = longest;
    static constexpr std::size_t reply_payload = longest;
    static constexpr std::size_t reply_capabilities = 1;  // fs::File, for Listen or for Connect
    std::uint32_t type = 0;                               // the library's affair
    std::uint32_t bind = 0;
    std::uint32_t flags = 0;  // fs::OpenFlags::non_block
    std::uint32_t reserved = 0;
    struct Reply {};
};

// /dev/fb0: the framebuffer, to draw on while the caller's terminal is in front (interfaces/display.hpp). access_denied: the
// container has no profile `framebuffer`; not_terminal: the session has no terminal; not_found: that is on no screen.
struct OpenFramebuffer {
    static constexpr std::uint16_t label = 27;
    static constexpr std::size_t reply_capabilities = 1;  // fs::File
    struct Reply {};
};

// A message queue of the caller's container. Payload: its name, any bytes but slashes and zeros. It is there until it is
// removed and nobody has it open; but at most until its container ends.
// not_found, exists, access_denied, no_space: the container has as many as it may.
struct OpenQueue {
    static constexpr std::uint16_t label = 29;
    static constexpr std::size_t payload = 255;
    static constexpr std::size_t reply_capabilities = 1;  // queue::Queue
    static constexpr std::uint32_t read = 1, write = 2, create = 4, exclusive = 8;
    std::uint32_t flags = 0;
    std::uint32_t mode = 0;             // of one that is made
    std::uint32_t most = 0, bytes = 0;  // likewise; 0: as many as there may be
    struct Reply {
        std::uint64_t queue = 0;  // its number
    };
};

struct RemoveQueue {  // its name is free at once. Only its owner may, or user 0
    static constexpr std::uint16_t label = 30;
    static constexpr std::size_t payload = 255;
    struct Reply {};
};

// Once, when a message comes into the queue while it is empty and nobody waits for one, the caller gets this signal. busy:
// somebody else has asked for that.
struct NotifyOfMessage {
    static constexpr std::uint16_t label = 31;
    static constexpr std::uint32_t no_signal = 0;  // but nobody else may ask
    static constexpr std::uint32_t not_any_more = ~std::uint32_t{0};
    std::uint64_t queue = 0;
    std::uint32_t signal = no_signal;
    std::uint32_t reserved = 0;
    std::uint64_t value = 0;
    struct Reply {};
};

// ---- Sessions: what the servers of terminals and devices may do, Shutdown, too. procmgr's answering thread never calls anybody,
// so a terminal may call it while another thread of procmgr's waits for that terminal. The badge is
// sessions_badge.

inline constexpr std::uint64_t sessions_badge = std::uint64_t{2} << 60;

struct SignalGroup {  // no_process: the session has no such group
    static constexpr std::uint16_t label = 32;
    std::uint32_t session = 0;
    std::uint32_t group = 0;  // 0: the session's leader
    std::uint32_t signal = 0;
    struct Reply {};
};

struct TerminalShown {  // Alt-Fn, or input on serial line 64 + n: does a container wait for it?
    static constexpr std::uint16_t label = 34;
    std::uint32_t number = 0;
    struct Reply {};
};

struct Restart {  // somebody at the keyboard wants the machine to start again: as Shutdown
    static constexpr std::uint16_t label = 35;
    struct Reply {};
};

struct CheckGroup {  // does the group belong to the session? no_process: it does not
    static constexpr std::uint16_t label = 33;
    std::uint32_t session = 0;
    std::uint32_t group = 0;
    struct Reply {};
};

}  // namespace process
