// SPDX-License-Identifier: MIT
// execve. Three parts: gather (everything that can fail, while the old program can still be told),
// ask procmgr (which may replace the process and then never answers), commit.
//
// A plan is carried out by the first thread, because that is the one that procmgr knows: another
// thread leaves the plan for it and ends.
#include "linux/process/execute.hpp"

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "linux/entry/context.hpp"
#include "linux/entry/report.hpp"
#include "linux/entry/thread_state.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/fd/table.hpp"
#include "linux/memory/program_space.hpp"
#include "linux/process/begin.hpp"
#include "linux/process/exit.hpp"
#include "linux/process/hooks.hpp"
#include "linux/process/image.hpp"
#include "linux/process/interpreter.hpp"
#include "linux/process/loader.hpp"
#include "linux/process/locks.hpp"
#include "linux/process/plan.hpp"
#include "linux/process/state.hpp"
#include "linux/process/thread.hpp"
#include "linux/signal/fpu.hpp"
#include "linux/signal/state.hpp"
#include "linux/signal/timers.hpp"

namespace linux {

struct ExecutePlan {
    std::vector<std::byte> block;
    PreparedProgram prepared;
};

namespace {

constexpr std::size_t longest_text = 128 * 1024;  // of one argument
constexpr std::size_t longest_total = 2 * 1024 * 1024;

constinit std::atomic<ExecutePlan*> waiting_plan = nullptr;

// A vector of strings from the program's memory.
class Strings {
public:
    Result<void> read(std::uint64_t vector, std::size_t& budget) {
        if (vector == 0) {
            return {};
        }
        for (;; vector += sizeof(std::uint64_t)) {
            const auto address = TRY(user::read<std::uint64_t>(vector));
            if (address == 0) {
                return {};
            }
            TRY(add(address, budget));
        }
    }
    std::vector<std::string> list;

private:
    Result<void> add(std::uint64_t address, std::size_t& budget) {
        std::string text;
        std::array<char, 256> part;
        for (;;) {
            const auto got = user::copy_string(part, address + text.size());
            if (!got && got.error() != Errno::enametoolong) {
                return base::fail(got.error());
            }
            text.append(part.data(), got ? *got : part.size());
            if (text.size() >= longest_text || text.size() + sizeof(std::uint64_t) > budget) {
                return base::fail(Errno::e2big);
            }
            if (got) {
                break;
            }
        }
        budget -= text.size() + 1 + sizeof(std::uint64_t);
        list.push_back(std::move(text));
        return {};
    }
};

std::vector<std::string_view> views_of(const std::vector<std::string>& list) {
    return {list.begin(), list.end()};
}

std::vector<std::byte> make_block(std::string_view path, const Strings& arguments,
                                  const Strings& environment) {
    // There may be many, and mostly there are three.
    std::vector<process::ImageDescriptor> descriptors(8);
    std::size_t count = fd::describe(descriptors);
    if (count > descriptors.size()) {
        descriptors.resize(count);
        count = fd::describe(descriptors);
    }
    descriptors.resize(std::min(count, descriptors.size()));
    process::ImageStart header{};
    header.umask = fd::current_umask();
    header.ignored_signals = signals::ignored_set();
    header.blocked_signals = this_thread().mask;
    for (std::size_t i = 0; i < static_cast<std::size_t>(Resource::count); ++i) {
        const Limit limit = limit_of(static_cast<Resource>(i));
        header.limits[i][0] = limit.soft;
        header.limits[i][1] = limit.hard;
    }
    const auto argument_views = views_of(arguments.list);
    const auto environment_views = views_of(environment.list);
    const std::string directory = fd::current_directory();
    return build_image(header, {.arguments = argument_views,
                                .environment = environment_views,
                                .path = path,
                                .directory = directory,
                                .descriptors = descriptors});
}

Result<ipc::Capability<ipc::Memory>> to_memory(std::span<const std::byte> block) {
    auto memory = TRY(or_errno(ipc::own_bank()->create_memory((block.size() + abi::page_size - 1) &
                                                              ~(abi::page_size - 1))));
    for (std::size_t at = 0; at < block.size(); at += abi::message_bytes) {
        TRY(or_errno(
            memory->write(at, block.subspan(at, std::min(abi::message_bytes, block.size() - at)))));
    }
    return memory;
}

// Why procmgr refused, for the program's standard error: the caller only sees a number.
void explain_refusal() {
    const auto answer = ipc::call(own_process(), process::ExplainRefusal{});
    if (!answer || answer->payload.empty()) {
        return;
    }
    std::vector<std::byte> text{answer->payload.begin(), answer->payload.end()};
    const auto standard_error = fd::table.get_open(2);
    if (standard_error) {
        fd::UserBuffer buffer{text};
        (void)(*standard_error)->write(buffer, fd::current_offset);
    }
}

// Does not return if the process is replaced. -> whether no container is meant
Result<bool> ask_procmgr(std::span<const std::byte> block,
                         std::uint32_t step = process::Execute::whole) {
    const bool fits = block.size() <= process::Execute::payload;
    const auto memory = fits ? ipc::Capability<ipc::Memory>{} : TRY(to_memory(block));
    const auto answer =
        fits ? ipc::call(own_process(), process::Execute{.step = step}, {.payload = block})
             : ipc::call(own_process(), process::Execute{.image_bytes = block.size(), .step = step},
                         {.capabilities = {memory}});
    if (!answer) {
        explain_refusal();
        return base::fail(to_errno(answer.error()));
    }
    return answer->reply.no_image != 0;
}

// The name of a container (interfaces/process.hpp, Execute): only procmgr can run it.
bool is_container_recipe(std::string_view path) {
    return path.starts_with("/var/images/") && path.ends_with("/Cluufile");
}

// Then procmgr is asked before the program is looked at, which it would be for nothing: once before it is opened, and, if procmgr does
// not know the program yet, once after.
bool may_have_image(std::string_view path) {
    return path.starts_with("/bin/") || path.starts_with("/usr/bin/");
}

Result<std::unique_ptr<ExecutePlan>> gather(std::int32_t directory, std::string_view path,
                                            std::uint32_t at_flags, std::uint64_t arguments_at,
                                            std::uint64_t environment_at) {
    Strings arguments;
    Strings environment;
    std::size_t budget = longest_total;
    TRY(arguments.read(arguments_at, budget));
    TRY(environment.read(environment_at, budget));
    if (arguments.list.empty()) {
        arguments.list.emplace_back();  // as Linux since 5.18: argv[0] always exists
    }
    auto plan = std::make_unique<ExecutePlan>();
    if (is_container_recipe(path)) {
        plan->block = make_block(path, arguments, environment);
        TRY(ask_procmgr(plan->block));
        return base::fail(Errno::enoexec);
    }
    bool no_image = false;
    if (may_have_image(path) && at_flags == 0) {
        plan->block = make_block(path, arguments, environment);
        no_image = TRY(ask_procmgr(plan->block, process::Execute::if_known));
    }
    auto opened = fd::open_executable(directory, path, at_flags);
    const bool from_here = path.starts_with('/') || directory == linux_abi::at_cwd;
    // Without a view at all, EACCES.
    const bool unseen =
        !opened && (opened.error() == Errno::enoent || opened.error() == Errno::eacces);
    if (unseen && from_here && identity().starts_named != 0) {
        const std::string before = path.starts_with('/') ? "" : fd::current_directory() + '/';
        plan->block = make_block(before + std::string{path}, arguments, environment);
        TRY(ask_procmgr(plan->block, process::Execute::unseen));
    }
    auto executable = TRY(std::move(opened));
    const std::string shown = path.empty() ? executable.path : std::string{path};
    FileStart start;
    executable = TRY(resolve_script(std::move(executable), shown, arguments.list, start));
    plan->block = make_block(executable.path, arguments, environment);
    const bool may_have = may_have_image(executable.path);
    if (may_have && !(no_image && executable.path == path)) {
        TRY(ask_procmgr(plan->block, process::Execute::only_image));
    }
    plan->prepared = TRY(prepare_program(std::move(executable.file), start));
    TRY(ask_procmgr(plan->block, may_have ? process::Execute::in_place : process::Execute::whole));
    return plan;
}

// The point of no return is behind.
abi::Registers commit(std::unique_ptr<ExecutePlan> plan)
    __attribute__((no_thread_safety_analysis)) {
    lock_everything();
    threads().end_others();
    unlock_everything();
    timers::remove_all();
    fd::close_on_exec();
    signals::reset_handlers();
    Thread& self = this_thread();
    self.signal_stack = {.address = 0, .flags = 2, .padding = 0, .size = 0};
    self.clear_id_at = 0;
    self.robust_list = 0;
    self.restore_mask = false;
    signals::reset_fpu();
    const auto image = read_image(plan->block);
    auto registers = Result<abi::Registers>{base::fail(Errno::eio)};
    if (image && program_space().clear()) {
        registers = begin_program(plan->prepared, *image);
    }
    if (!registers) {
        report({"a program could not be loaded: error ",
                NumberText{static_cast<std::uint64_t>(registers.error())}});
        exit_process(linux_abi::sig_kill);
    }
    return *registers;
}

void hand_over(ExecutePlan* plan) {
    waiting_plan = plan;
    {
        MutexGuard guard{threads().lock()};
        threads().for_each([](Thread& thread) {
            if (thread.leader) {
                (void)thread.kernel()->interrupt();
            }
        });
    }
    end_silently();
}

}  // namespace

Result<void> offer_to_procmgr(std::string_view path, std::vector<std::string> arguments,
                              std::vector<std::string> environment) {
    Strings all, variables;
    all.list = std::move(arguments);
    variables.list = std::move(environment);
    TRY(ask_procmgr(make_block(path, all, variables)));
    return {};
}

bool plan_waits_for(const Thread& thread) {
    return thread.leader && waiting_plan.load(std::memory_order_relaxed) != nullptr;
}

void run_waiting_plan() {
    const abi::Registers registers =
        commit(std::unique_ptr<ExecutePlan>{waiting_plan.exchange(nullptr)});
    resume(registers);
}

Errno execute(std::int32_t directory, std::string_view path, std::uint32_t at_flags,
              std::uint64_t arguments, std::uint64_t environment) {
    auto plan = gather(directory, path, at_flags, arguments, environment);
    if (!plan) {
        return plan.error();
    }
    if (!this_thread().leader) {
        hand_over(plan->release());
    }
    const abi::Registers registers = commit(std::move(*plan));
    resume(registers);
}

}  // namespace linux
