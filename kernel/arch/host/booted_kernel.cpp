// SPDX-License-Identifier: MIT
#include "kernel/arch/host/booted_kernel.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "abi/kernel/boot_image.hpp"
#include "kernel/arch/x86_64/traps.hpp"
#include "kernel/boot_parameters.hpp"
#include "kernel/ipc/fast_path.hpp"
#include "kernel/object/cap_table.hpp"
#include "kernel/sched/kernel_lock.hpp"
#include "kernel/sched/scheduler.hpp"

// As entry.S calls it.
extern "C" void kernel_operation(arch::ThreadContext* context,
                                 const kernel::Capability* capability);

namespace host {

namespace {

constexpr std::uint64_t memory_bytes = std::uint64_t{64} << 20;
constexpr std::uint64_t program_address = 0x400000;

// An archive with the smallest program that the kernel will start: one page at program_address, entered at its start.
std::vector<std::byte> make_archive() {
    const abi::BootImage image{.magic = abi::BootImage::magic_value,
                               .entry = program_address,
                               .parts = {{.address = program_address,
                                          .pages = 1,
                                          .archive_page = 2,
                                          .archive_pages = 1,
                                          .flags = abi::MapFlags::read | abi::MapFlags::execute}}};
    std::vector<std::byte> archive(3 * abi::page_size);
    std::memcpy(archive.data() + abi::BootImage::archive_page * abi::page_size, &image,
                sizeof(image));
    return archive;
}

template <bool Many>
kernel::FastPath::Step step_of(kernel::Thread& self, abi::Syscall number) {
    using Path = kernel::FastPath;
    const bool loaded = Path::is_loaded(self.tag());
    switch (number) {
        case abi::Syscall::call:
            return loaded ? Path::call<Many, true>(self, self.cap(), self.tag())
                          : Path::call<Many, false>(self, self.cap(), self.tag());
        case abi::Syscall::reply_and_receive:
            return loaded ? Path::reply_and_receive<Many, true>(self, self.cap(), self.tag())
                          : Path::reply_and_receive<Many, false>(self, self.cap(), self.tag());
        case abi::Syscall::signal: return Path::signal<Many>(self, self.cap(), self.word(0));
        case abi::Syscall::wait:   return Path::wait<Many>(self, self.cap(), self.tag());
        default:                   return {};
    }
}

// What comes of a step, if that is neither an operation nor something for the long way. `sent`: what the thread came with. Another CPU
// may have given it an answer since.
void complete(kernel::Thread& self, const arch::ThreadContext& sent,
              const kernel::FastPath::Step& step) {
    using Outcome = kernel::FastPath::Outcome;
    switch (step.outcome) {
        case Outcome::nothing:
            self.set_tag({});
            for (std::size_t i = 0; i < abi::message_words; ++i) {
                self.word(i) = i == 0 ? step.word : 0;
            }
            break;
        case Outcome::done: self.word(0) = step.word; break;
        case Outcome::switched:
            sent.copy_words_to(*step.next);
            step.next->set_tag({step.word});
            step.next->set_badge(step.badge);
            step.next->set_result(abi::Error::ok);
            arch::switch_thread(&self, step.next);
            return;
        default: arch::switch_thread(&self, step.next); return;
    }
    self.set_result(abi::Error::ok);
}

// What fast_calls.cpp is on the real machine: with several CPUs, and with one.
bool enter_fast_among_many(kernel::Thread& self, abi::Syscall number) {
    using Outcome = kernel::FastPath::Outcome;
    if (!kernel::KernelLock::try_share()) {
        return false;
    }
    const arch::ThreadContext sent = self;
    const kernel::FastPath::Step step = step_of<true>(self, number);
    const bool goes_on = step.outcome != Outcome::slow;
    if (goes_on) {
        complete(self, sent, step);
    }
    kernel::KernelLock::end_share();
    return goes_on;
}

bool enter_fast(arch::ThreadContext& context, abi::Syscall number) {
    using Outcome = kernel::FastPath::Outcome;
    auto& self = static_cast<kernel::Thread&>(context);
    if (kernel::KernelLock::many()) {
        return enter_fast_among_many(self, number);
    }
    const kernel::FastPath::Step step = step_of<false>(self, number);
    switch (step.outcome) {
        case Outcome::slow:      return false;
        case Outcome::operation: kernel_operation(&context, step.capability); return true;
        default:                 complete(self, self, step); return true;
    }
}

}  // namespace

arch::ThreadContext* running() { return arch::this_cpu().current; }

User& init() {
    static User user = [] {
        Machine::power_on(memory_bytes, make_archive());
        try {
            kernel_main(Machine::parameters());
        } catch (const arch::LeftKernel&) {
            if (running() == nullptr) {  // it has left, but to no process
                std::abort();
            }
        }
        return User(*running());
    }();
    return user;
}

void User::enter(abi::Syscall number, std::uint64_t cap, abi::Tag tag, const Words& words,
                 Nanoseconds deadline) {
    if (!running()) {
        std::fputs("a test entered the kernel for a thread that does not run\n", stderr);
        std::abort();
    }
    context_->registers.rax = static_cast<std::uint64_t>(number);
    context_->registers.rdi = cap;
    context_->set_tag(tag);
    for (std::size_t i = 0; i < words.size(); ++i) {
        context_->word(i) = words[i];
    }
    context_->registers.r14 = deadline;
    context_->return_by_sysret = true;
    Machine::visit([&] {
        if (arch::this_cpu().traces_system_calls || !enter_fast(*context_, number)) {
            kernel_system_call(context_);
        }
    });
}

Answer User::answer() const {
    Answer answer{.error = static_cast<abi::Error>(context_->registers.rax),
                  .tag = context_->tag(),
                  .badge = context_->registers.rdi};
    for (std::size_t i = 0; i < answer.words.size(); ++i) {
        answer.words[i] = context_->word(i);
    }
    return answer;
}

abi::CapIndex User::create(abi::ObjectType type, std::uint64_t w1, std::uint64_t w2,
                           std::uint64_t w3, std::uint64_t w4, std::uint64_t w5,
                           abi::CapIndex bank) {
    const Answer made =
        call(bank, abi::BankOp::create, {static_cast<std::uint64_t>(type), w1, w2, w3, w4, w5});
    return made.ok() ? made.cap() : abi::no_capability;
}

std::byte* User::touch(std::uint64_t address, bool write) {
    constexpr std::uint64_t fault_user = 4;
    constexpr std::uint64_t fault_write = 2;
    // Twice: the first fault may only bring the page for reading.
    for (int i = 0; i < 3 && running(); ++i) {
        if (std::byte* byte = Machine::translate(arch::this_cpu().root, address, write)) {
            return byte;
        }
        const std::uint64_t rip = context_->registers.rip;
        Machine::visit([&] {
            kernel_user_exception(context_, arch::vector_page_fault,
                                  fault_user | (write ? fault_write : 0), address);
        });
        if (context_->registers.rip != rip) {
            return nullptr;  // an upcall
        }
    }
    return nullptr;
}

std::byte* User::message_page() const {
    return static_cast<kernel::Thread*>(context_)->message_page();
}

NewThread start_thread(User& creator, std::uint64_t priority, abi::CapIndex bank) {
    NewThread made;
    const abi::CapIndex pages =
        creator.create(abi::ObjectType::memory, 2 * abi::page_size, 0, 0, 0, 0, bank);
    made.thread = creator.create(abi::ObjectType::thread, abi::boot_own_space, abi::boot_own_table,
                                 pages, 0, 0, bank);
    made.context = creator.create(abi::ObjectType::sched_context, abi::boot_sched_context, priority,
                                  0, 0, 0, bank);
    creator.call(made.context, abi::SchedContextOp::bind, {made.thread});
    creator.call(made.thread, abi::ThreadOp::start, {program_address});
    const kernel::Capability* slot =
        static_cast<kernel::Thread&>(creator.context()).table().find(made.thread);
    if (slot != nullptr) {
        made.registers = static_cast<kernel::Thread*>(slot->object);
    }
    return made;
}

void remove_lost(User& init) {
    constexpr abi::CapIndex first = 16;
    constexpr abi::CapIndex slots = 1024;
    for (abi::CapIndex slot = first; slot < slots; ++slot) {
        if (!init.call(abi::boot_own_table, abi::CapTableOp::query, {slot}).ok()) {
            (void)init.call(abi::boot_own_table, abi::CapTableOp::remove, {slot});
        }
    }
}

}  // namespace host
