// SPDX-License-Identifier: MIT
// Manager: all that procmgr knows, and what happens to it. The services (process_service.hpp,
// container_service.hpp, proc_backend.hpp) decode what clients ask and call it.
//
//   ProcessTable   POSIX's view of the processes (model/process_table.hpp)
//   bodies         their kernel objects, by process; a zombie has none
//   containers     by id; each process is in one
//   sessions       those that have a terminal, by their leader
//
// One thread; coroutines (task.hpp) interleave at `co_await` only. References into the maps are
// therefore never kept across one: `body_of(pid, serial)` tells whether the image is still there.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "abi/kernel/boot_info.hpp"
#include "interfaces/device.hpp"
#include "interfaces/process.hpp"
#include "interfaces/tty.hpp"
#include "libs/ipc/server.hpp"
#include "servers/procmgr/badge.hpp"
#include "servers/procmgr/container.hpp"
#include "servers/procmgr/image.hpp"
#include "servers/procmgr/image_store.hpp"
#include "servers/procmgr/message_queues.hpp"
#include "servers/procmgr/missing_calls.hpp"
#include "servers/procmgr/model/proc_text.hpp"
#include "servers/procmgr/model/signals.hpp"
#include "servers/procmgr/model/start_table.hpp"
#include "servers/procmgr/model/timers.hpp"
#include "servers/procmgr/outside.hpp"
#include "servers/procmgr/task.hpp"

namespace procmgr {

// What procmgr was started with.
struct Surroundings {
    ipc::Ref<ipc::Endpoint> endpoint;
    ipc::Ref<names::Manager> names;
    ipc::Ref<device::Bus> power;
    ipc::Ref<tty::Terminals> terminals;
    ipc::Ref<ipc::Memory> time_page;
    ipc::Ref<ipc::Log> log;
    const abi::BootInfo* boot = nullptr;
};

struct Session {
    ipc::Capability<fs::File> terminal;
    std::uint32_t device = 0;  // major << 8 | minor, as /proc shows it
    std::uint32_t owner =
        0;  // of the terminal's node in /dev, if it is a screen's or a serial line's
};

// Why something was not started.
struct Refusal {
    Status status = Status::ok;
    std::string complaint;  // for a person: the log, and process::ExplainRefusal; may be empty
};

// A container's first process, before it is built.
struct ContainerStart {
    Plan plan;
    std::string name;      // empty: made from the image's
    std::uint32_t id = 0;  // 0: the next one
    const Container* starter = nullptr;
    std::uint32_t user = 0;
    bool by_name = false;
    std::uint32_t flags = 0;  // container::ConfigureNext
    int start_entry = -1;
};

class Manager {
public:
    Manager(const Surroundings& surroundings, const loader::LoadedImage& library,
            ipc::Capability<ipc::Bank> containers_bank);

    ProcessTable table;
    Timers timers;
    Outside outside;
    ImageStore images;
    MissingCalls missing;
    MessageQueues queues{*this};
    const Surroundings given;

    // ---- looking up
    [[nodiscard]] Body* body_of(Pid pid);
    [[nodiscard]] Body* body_of(Pid pid, std::uint32_t serial);
    [[nodiscard]] Container* container_of(const Process& process);
    // The names of those that it is inside of, the nearest first, with commas.
    [[nodiscard]] std::string around(const Container& container);
    [[nodiscard]] std::map<std::uint32_t, Container>& containers() { return containers_; }
    [[nodiscard]] Session* session_of(Pid session);
    [[nodiscard]] bool has_terminal(const Process& process);
    [[nodiscard]] Sender sender_of(Pid pid);
    [[nodiscard]] bool is_admin(const Process& process);
    // Does the /proc of this container show the process? 0: it shows all.
    [[nodiscard]] bool sees(std::uint32_t container, const Process& process);

    // A root of /proc that shows what this container sees, for its view.
    std::function<Result<ipc::Capability<fs::Directory>>(std::uint32_t container)> make_proc;

    // An abstract name of local sockets, as process::OpenSocketName has it. `name` becomes the one that
    // was chosen.
    std::function<Result<ipc::Capability<fs::File>>(
        const Process& process, const process::OpenSocketName& how, std::string& name)>
        open_socket_name;

    // ---- processes (manager_process.cpp)
    [[nodiscard]] Result<Pid> fork(Process& parent, const ForkSource& source);
    void end_process(Pid pid, std::uint32_t status);
    void publish_identity(const Process& process);
    // Answers the parent's waiting calls, as far as there is something to answer.
    void serve_waiters(Pid parent);
    [[nodiscard]] Usage usage_of(const Process& process);
    void answer_vfork(Body& body);
    // process::Fork::shares_memory: notes whose memory a new process sees, and what follows when that one ends or executes.
    void lend_memory(Pid from, Body& to);
    void end_lending(Pid pid, Body& lender);
    // An exec that stays in its container: the library loads the program itself.
    void run_in_place(Process& process, Body& body, const ImageBlock& block);
    // Another image takes over the process, in another container.
    void replace_image(Process& process, Body&& body, Container& container);

    [[nodiscard]] std::uint64_t busy_ns();  // CPU time of all processes there ever were
    // As it is now.
    [[nodiscard]] const Load& load();
    [[nodiscard]] std::uint64_t processes_created() const { return serial_; }

    // ---- signals (manager_signal.cpp)
    // False: too many signals of this kind wait there.
    bool deliver(Pid pid, std::uint32_t signal, const process::SignalPage::Info& info);
    void deliver_to_group(Pid group, Pid session, std::uint32_t signal);
    // The process stops, if it may; true: `reply` was taken and is answered on continuation.
    [[nodiscard]] bool stop_process(Process& process, Body& body, std::uint32_t signal,
                                    ipc::PendingReply& reply);

    // ---- containers (manager_container.cpp)
    [[nodiscard]] Result<Container*> add_container(ContainerStart&& start);
    // The number of one that will come.
    [[nodiscard]] std::uint32_t number_container() { return next_container_++; }
    [[nodiscard]] bool container_name_taken(std::string_view name) const;
    // May there be another process in it, and in those that it is inside of?
    [[nodiscard]] bool has_room(const Container& container);
    // It is not shown any more, and gone as soon as nothing is inside it.
    void forget_container(Container& container);
    // A fresh image in a container. `move_in` puts the descriptors' capabilities in the new table and
    // their slots in the block; it is the last step that can fail.
    struct FreshImage {
        Container* container = nullptr;
        Process* process = nullptr;
        ImageBlock* block = nullptr;
        SharedView view{};
        ipc::Ref<fs::File> executable{};
        bool to_log = false;  // of build_beside: its output is the container's log
        // What it gets besides, of procmgr's own, and then of another table; the block's descriptors name these slots.
        std::vector<abi::Placement> given{}, moved{};
        ipc::Ref<ipc::CapTable> moved_from{};
        bool moving = false;  // by build_image: the other table may have lost some already
    };
    [[nodiscard]] Result<Body> build_image(FreshImage& fresh);
    // The body becomes the process's, in this container ...
    void adopt_body(Process& process, Body&& body, Container& container);
    // ... and runs.
    void start_body(Process& process);
    void answer_watchers(Container& container);
    // The process says that it ends for this cause.
    void note_cause(const Process& process, container::Cause cause);
    [[nodiscard]] std::uint64_t memory_of(const Container& container);

    // ---- logs (manager_log.cpp)
    // Memory of the container's own for its log, if it is to have one.
    [[nodiscard]] Result<void> begin_log(Container& container);
    // What the container writes to it.
    void append_log(std::uint32_t id, LogRing::Stream stream, std::string_view text);
    // The container's own bank pays for it again: it has a new one.
    void take_log_back(Container& container);
    void answer_log_readers(Container& container);
    // An answer to container::ReadLog: what comes with it is written to `to`.
    [[nodiscard]] Result<container::ReadLog::Reply> read_log(
        Container& container, std::uint64_t position,
        std::span<std::byte, container::ReadLog::reply_payload> to, std::size_t& bytes);

    // ---- health and dependencies (manager_supervision.cpp)
    // Those that depend on it end before it.
    void stop_container(Container& container, std::uint32_t user, std::uint64_t grace_ns);
    // What this user's container needs (DEPENDS) and is not there, for a person; empty: all is.
    [[nodiscard]] std::string missing_dependency(const Plan& plan, std::uint32_t user);
    // Those who wait to know whether it is healthy, as soon as that is known.
    void answer_health(Container& container);

    // ---- starting containers (manager_start.cpp)
    // What a container needs from the file servers: its view, derived from the starter's (or, with
    // none, from procmgr's own), and the program. Its private mounts, and many names, are bought from
    // `bank`; with none, from the file system's own.
    struct Prepared {
        ipc::Capability<names::View> view;
        ipc::Capability<fs::File> executable;
        Identity identity;
    };
    struct Preparation {
        const Plan& plan;  // these two stay while it is awaited
        GrantedNames& names;
        ipc::Ref<names::View> from;
        Identity identity;  // the starter's
        ipc::Ref<ipc::Bank> bank;
        ipc::Ref<ipc::Bank> disk;     // for private mounts, if not `bank`
        std::uint32_t container = 0;  // its number
        bool traced = false;
    };
    Async<base::Result<Prepared, Refusal>> prepare(Preparation how);
    // `notice` is shown on each terminal, unless it is empty.
    void run_start_table(const StartTable& entries, std::string_view command_line,
                         std::string_view notice);
    Task start_entry(int index);
    // Somebody looks at this terminal of the screen.
    void start_shown(std::uint32_t number);
    Task restart_container(std::uint32_t id);

    // process::Watch. A stranger may not signal it.
    [[nodiscard]] Result<ipc::Capability<process::Watching>> watch(
        const Process& process, ipc::Capability<ipc::Notification> guard, bool stranger);
    void end_watch(Pid pid, std::uint32_t number);

    // ---- identities (manager_identity.cpp)
    // The process is this user from now on, in the view that it has.
    Async<Result<void>> change_identity(Pid pid, std::uint32_t serial, Identities to);
    // A capability to a service of the start table, which is started if nobody has asked for it yet.
    // Its messages come with the client's badge.
    [[nodiscard]] Result<ipc::Capability<ipc::Any>> reach_service(std::string_view name,
                                                                  Badge client);
    // Does the process belong to such a service?
    [[nodiscard]] bool is_service(const Process& process);
    [[nodiscard]] bool is_service(const Container& container) const;

    // ---- terminals (manager_terminal.cpp)
    Task leave_terminal(Pid leader, ipc::PendingReply reply);
    Task open_framebuffer(Pid session, ipc::PendingReply reply);
    Task attach_terminal(Pid pid, std::uint32_t serial, bool force,
                         ipc::Capability<fs::File> terminal, ipc::PendingReply reply);
    // The leader's user has the terminal's node from now on, until the session ends.
    Async<Result<void>> own_terminal(Pid leader, std::uint32_t user);
    Async<Result<void>> free_terminal(Pid leader);
    Async<Result<void>> attach_session(Pid leader, std::uint32_t serial, bool force,
                                       ipc::Capability<fs::File> terminal);

    // ---- time and the end (manager_shutdown.cpp)
    void on_deadline();
    // When a process may have used so much more CPU time, on all CPUs at once.
    [[nodiscard]] static std::uint64_t earliest_cpu_time(std::uint64_t cpu_ns);
    void shut_down(bool restart);

private:
    Async<Result<ipc::Capability<names::View>>> make_view(const Preparation& how);
    Async<Result<void>> set_owner(std::uint32_t device, std::uint32_t user);
    Async<base::Result<Identity, Refusal>> identity_of(const Plan& plan, Identity starter);
    // Where the program of a container with this view is looked for.
    [[nodiscard]] ipc::AnyRef program_source(const Plan& plan, ipc::Ref<names::View> view) const;
    Async<Result<void>> check_directory(ipc::Ref<names::View> view, std::string path);

    struct Entry {
        StartEntry entry;
        std::uint32_t failures = 0;  // quick ends in a row
        bool complained = false;
        std::string notice;                       // for its terminal, when that is opened next
        ipc::Capability<ipc::Endpoint> endpoint;  // of a service that has been asked for
    };

    [[nodiscard]] ImageRequest request_for(const Process& process, const Container& container);
    void start_process(ContainerStart&& start, ImageBlock& block, Prepared&& prepared,
                       ipc::Capability<fs::File> terminal);
    Task start_on_terminal(Pid pid, std::uint32_t serial, ipc::Capability<fs::File> terminal);
    [[nodiscard]] Container* starter_of(const Container& container);
    [[nodiscard]] bool is_inside(std::uint32_t inner, std::uint32_t outer);
    [[nodiscard]] Result<void> give_bank(Container& container);
    // What the scheduling contexts of its processes are created from.
    [[nodiscard]] ipc::Ref<ipc::SchedContext> cpu_of(const Container& container);
    void join_container(Container& container);
    [[nodiscard]] ipc::Ref<ipc::Bank> bank_of_log(const Container& container);
    // Into the bank of another container; null: that of all.
    void move_log(Container& container, Container* to);
    // Before its bank is destroyed.
    void move_logs_out(Container& container);
    void forget_log(Container& container);
    void settle_container(std::uint32_t id);
    void leave_container(std::uint32_t id, Pid pid, std::uint32_t status, std::uint64_t cpu_ns);
    void note_run(Container& container);
    void end_container(Container& container);
    void give_up_restart(Container& container);
    // What the parent has said that it wants to hear (process::SignalPage::children).
    [[nodiscard]] std::uint32_t wishes_of(Pid parent);
    [[nodiscard]] bool depends_on(const Container& dependent, const Container& container);
    [[nodiscard]] bool waits_for(const Container& container, std::uint32_t other);
    void tell_to_end(const Container& container);
    void stop_those_that_waited_for(std::uint32_t ended);
    void begin_checks(Container& container);
    void set_check_timer(const Container& container);
    void end_checks(Container& container);
    Task check_health(std::uint32_t id);
    [[nodiscard]] bool start_check(Container& container, const Body& main,
                                   ipc::Capability<fs::File> program);
    void note_check(Container& container, bool good);
    void end_for_time(Container& container);
    // Those in the container, and those in all inside it.
    [[nodiscard]] std::vector<Pid> processes_within(std::uint32_t container);
    void tell_parent(const Process& child, std::int32_t code, std::uint32_t status);
    void end_watches(Pid pid);
    void hang_up_orphaned(Pid group);
    void on_orphaned(Pid pid, Pid ended_parent);
    void tell_of_end(const Process& child);
    void publish_session(Pid session);
    void forget_session(Pid leader);
    Task end_leader(Pid pid, std::uint32_t status, Usage usage);
    void settle_end(Pid pid, std::uint32_t status, const Usage& usage);
    void retry_entry(int index, std::string_view why);
    void expire(const Timer& timer);
    void expire_cpu_timer(Timer timer);
    // Once nobody is left who could call them; then the machine is switched off.
    void end_services();
    Task power_down();
    [[nodiscard]] std::uint32_t next_serial() { return ++serial_ & Badge::serial_mask; }

    ImageBuilder builder_;
    ipc::Capability<ipc::Bank> containers_bank_;
    SharedPlaces places_;
    std::map<Pid, Body> bodies_;
    std::map<std::uint32_t, Container> containers_;
    std::map<Pid, Session> sessions_;
    // Who watches: the guard of each lies in the table of the process that it watches, or, if it is a
    // stranger to that, in the one for all strangers.
    static constexpr std::uint64_t most_watchers = 4096;   // of a process
    static constexpr std::uint64_t most_strangers = 1024;  // in all
    struct WatchPlace {
        abi::CapIndex slot = abi::no_capability;
        bool stranger = false;
    };
    std::map<std::pair<Pid, std::uint32_t>, WatchPlace> watches_;
    std::map<Pid, ipc::Capability<ipc::CapTable>> watched_;
    ipc::Capability<ipc::CapTable> strangers_;
    std::uint32_t watch_number_ = 0;
    std::vector<Entry> entries_;
    std::uint32_t next_container_ = 1;
    std::uint32_t serial_ = 0;
    std::uint64_t ended_cpu_ns_ = 0;  // of images that are gone
    Load load_;
    bool shutting_down_ = false;
    bool restart_machine_ = false;
    bool powering_down_ = false;
};

// pid, user and reason of a signal that procmgr itself sends.
[[nodiscard]] process::SignalPage::Info kernel_info();

}  // namespace procmgr
