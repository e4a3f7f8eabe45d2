// SPDX-License-Identifier: MIT
#include "servers/procmgr/visit.hpp"

#include <cstring>

#include "libs/rt/clock.hpp"

// rdi: the request page in the visited space; the data page follows. Slot 1 of its table is `done`, slot 2 `go`.
asm(R"(
    .pushsection .rodata.visitor, "a"
visitor_begin:
    mov     %rdi, %rbx
1:  mov     (%rbx), %rsi
    mov     8(%rbx), %rcx
    lea     4096(%rbx), %rdi
    rep movsb
    mov     $0x10000005, %eax       # Syscall::signal
    mov     $1, %edi
    xor     %esi, %esi
    mov     $1, %edx
    syscall
    mov     $0x10000006, %eax       # Syscall::wait
    mov     $2, %edi
    xor     %esi, %esi
    syscall
    jmp     1b
visitor_end:
    .popsection
)");
extern "C" const std::byte visitor_begin[], visitor_end[];

namespace procmgr {
namespace {

static_assert(static_cast<std::uint64_t>(abi::Syscall::signal) == 0x1000'0005);
static_assert(static_cast<std::uint64_t>(abi::Syscall::wait) == 0x1000'0006);

// All below is the process's, its library's part too; what is above the visit's.
constexpr std::uint64_t lent_below = 0x7e80'0000'0000;
constexpr std::uint64_t place = 0x7f00'0000'0000;

// The pages of the visit's Memory. Message and control page are in no space.
enum Page : std::uint64_t { message_page, control_page, request_page, data_page, code_page, pages };
constexpr std::uint64_t at(Page page) { return page * abi::page_size; }

constexpr std::uint64_t most_memory = 256 * 1024;
constexpr std::uint64_t patience_ns = 2'000'000;

}  // namespace

std::optional<Visit> Visit::begin(Body& body) {
    if (body.hidden || !body.space) {
        return std::nullopt;
    }
    Visit visit{body};
    if (!visit.prepare()) {
        return std::nullopt;
    }
    return visit;
}

Visit::~Visit() {
    if (bank_) {
        pages_ = {};
        (void)bank_->destroy();
    }
}

ipc::KernelResult<void> Visit::prepare() {
    using abi::MapFlags;
    bank_ = TRY(ipc::own_bank()->create_bank(most_memory));
    const auto memory = TRY(bank_->create_memory(at(pages)));
    pages_ = TRY(rt::map(memory, {.length = at(pages)}));
    std::memcpy(pages_.as<std::byte>() + at(code_page), visitor_begin,
                static_cast<std::size_t>(visitor_end - visitor_begin));
    go_ = TRY(bank_->create_notification());
    done_ = TRY(bank_->create_notification());
    table_ = TRY(bank_->create_cap_table(4));
    TRY(table_->copy(done_, abi::NotificationRights::signal, 1));
    TRY(table_->copy(go_, abi::NotificationRights::wait, 2));

    space_ = TRY(body_->space->clone(bank_, lent_below));
    TRY(space_->map(memory, {.address = place,
                             .length = 2 * abi::page_size,
                             .offset = at(request_page),
                             .flags = MapFlags::read | MapFlags::write}));
    TRY(space_->map(memory, {.address = place + 2 * abi::page_size,
                             .length = abi::page_size,
                             .offset = at(code_page),
                             .flags = MapFlags::read | MapFlags::execute}));
    thread_ = TRY(bank_->create_thread({.space = space_, .table = table_, .pages = memory}));
    const auto own = TRY(ipc::own_sched_context()->query());
    context_ =
        TRY(bank_->create_sched_context(ipc::own_sched_context(), {.priority = own.priority}));
    return context_->bind(thread_);
}

bool Visit::can_read(std::uint64_t address, std::size_t bytes) const {
    const std::uint64_t end = address + bytes;
    if (end < address || end > lent_below) {
        return false;
    }
    while (address < end) {
        const auto region = body_->space->query(address);
        if (!region || !region->mapped || (region->flags & abi::MapFlags::read) == 0) {
            return false;
        }
        address = region->start + region->length;
    }
    return true;
}

bool Visit::wait_until_done() {
    for (;;) {
        if (done_->wait({.deadline = rt::now() + patience_ns})) {
            return true;
        }
        // The machine may be busy with something else than running it.
        const auto info = thread_->query();
        if (!info ||
            (info->state != abi::ThreadState::ready && info->state != abi::ThreadState::running)) {
            return done_->poll().has_value();
        }
    }
}

bool Visit::read(std::uint64_t address, std::span<std::byte> to) {
    if (body_->hidden || to.size() > abi::page_size || !can_read(address, to.size())) {
        return false;
    }
    *reinterpret_cast<Request*>(pages_.as<std::byte>() + at(request_page)) = {address, to.size()};
    const auto told =
        started_ ? go_->signal(1)
                 : thread_->start({.rip = place + 2 * abi::page_size, .rsp = 0, .rdi = place});
    started_ = true;
    if (!told || !wait_until_done()) {
        body_->hidden = true;
        return false;
    }
    std::memcpy(to.data(), pages_.as<std::byte>() + at(data_page), to.size());
    return true;
}

}  // namespace procmgr
