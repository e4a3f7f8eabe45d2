// SPDX-License-Identifier: MIT
// Manager: what containers in the background have written.
//
// A container's bank pays for its log, as for all that it has. When that bank goes, the log stays, until the container is
// forgotten: it moves to the bank of the starter, who let it run, and when that one goes, too, further out. What
// does not fit there is dropped, the oldest first.
#include <algorithm>
#include <array>

#include "libs/rt/clock.hpp"
#include "servers/procmgr/manager.hpp"

namespace procmgr {
namespace {

// Pages of a Memory that is made when it is needed. The message page is used.
class LogMemory final : public LogStore {
public:
    LogMemory(ipc::Capability<ipc::Memory>& memory, ipc::Ref<ipc::Bank> bank, std::uint64_t most)
        : memory_(memory), bank_(bank), most_(most) {}

    bool grow(std::uint64_t bytes) override {
        if (!memory_) {
            auto memory = bank_->create_memory(most_);
            if (!memory) {
                return false;
            }
            memory_ = std::move(*memory);
        }
        return memory_->reserve(bytes).has_value();
    }
    bool read(std::uint64_t offset, std::span<std::byte> to) override {
        const auto read = memory_ ? memory_->read(offset, to.size()) : base::fail(abi::Error::dead);
        if (read) {
            std::ranges::copy(*read, to.begin());
        }
        return read.has_value();
    }
    bool write(std::uint64_t offset, std::span<const std::byte> data) override {
        return memory_ && memory_->write(offset, data).has_value();
    }

private:
    ipc::Capability<ipc::Memory>& memory_;
    ipc::Ref<ipc::Bank> bank_;
    std::uint64_t most_;
};

}  // namespace

ipc::Ref<ipc::Bank> Manager::bank_of_log(const Container& container) {
    const auto home = containers_.find(container.log_home);
    return home == containers_.end() ? containers_bank_ : home->second.bank;
}

Result<void> Manager::begin_log(Container& container) {
    if (!container.has_log()) {
        return {};
    }
    const std::uint64_t most = container.plan.log_limit;
    container.log = LogRing{most != 0 ? most : cluufile::usual_log_limit};
    container.log_home = container.id;
    ++container.logs_here;
    LogMemory memory{container.log_memory, container.bank, container.log.limit()};
    return container.log.begin(memory) ? Result<void>{} : base::fail(Status::no_memory);
}

void Manager::append_log(std::uint32_t id, LogRing::Stream stream, std::string_view text) {
    const auto found = containers_.find(id);
    if (found == containers_.end() || !found->second.has_log()) {
        return;
    }
    Container& container = found->second;
    LogMemory memory{container.log_memory, bank_of_log(container), container.log.limit()};
    container.log.append(memory, rt::wall_clock(), stream, text);
    answer_log_readers(container);
}

void Manager::move_log(Container& container, Container* to) {
    if (const auto home = containers_.find(container.log_home); home != containers_.end()) {
        --home->second.logs_here;
    }
    ipc::Capability<ipc::Memory> there;
    LogMemory old{container.log_memory, {}, 0};
    LogMemory fresh{there, to != nullptr ? to->bank : containers_bank_, container.log.limit()};
    container.log.move(old, fresh);
    container.log_memory = std::move(there);
    container.log_home = to != nullptr ? to->id : 0;
    if (to != nullptr) {
        ++to->logs_here;
    }
}

void Manager::take_log_back(Container& container) {
    if (container.has_log() && container.log_home != container.id) {
        move_log(container, &container);
    }
}

void Manager::move_logs_out(Container& container) {
    if (container.logs_here == 0) {
        return;
    }
    Container* around = starter_of(container);
    for (auto& [id, one] : containers_) {
        if (one.has_log() && one.log_home == container.id) {
            move_log(one, around);
        }
    }
}

void Manager::forget_log(Container& container) {
    const auto home = containers_.find(container.log_home);
    if (container.has_log() && home != containers_.end()) {
        --home->second.logs_here;
    }
}

Result<container::ReadLog::Reply> Manager::read_log(
    Container& container, std::uint64_t position,
    std::span<std::byte, container::ReadLog::reply_payload> to, std::size_t& bytes) {
    LogMemory memory{container.log_memory, {}, 0};
    const auto part = container.log.read(memory, position, to);
    if (!part) {
        return base::fail(Status::invalid);
    }
    const bool ended = container.processes == 0 && !container.kit;
    bytes = part->bytes;
    return container::ReadLog::Reply{.next = part->next,
                                     .room = container.log.limit(),
                                     .ended = ended && bytes == 0 ? 1U : 0U,
                                     .dropped = part->dropped ? 1U : 0U};
}

void Manager::answer_log_readers(Container& container) {
    const bool ended = container.processes == 0 && !container.kit;
    std::array<std::byte, container::ReadLog::reply_payload> text;
    std::erase_if(container.log_readers, [&](Container::LogReader& reader) {
        if (!ended && !container.log.has_after(reader.position)) {
            return false;
        }
        std::size_t bytes = 0;
        const auto read = read_log(container, reader.position, text, bytes);
        if (read) {
            (void)reader.reply.answer<container::ReadLog>(
                *read, {.payload = std::span{text}.first(bytes)});
        } else {
            (void)reader.reply.fail(read.error());
        }
        return true;
    });
}

}  // namespace procmgr
