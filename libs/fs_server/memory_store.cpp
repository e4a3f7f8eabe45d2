// SPDX-License-Identifier: MIT
#include "libs/fs_server/memory_store.hpp"

#include <algorithm>
#include <array>

#include "libs/base/align.hpp"
#include "libs/ipc/failure.hpp"

namespace fs_server {
namespace {

constexpr std::uint64_t page = abi::page_size;
constexpr std::uint64_t data_offset = page;
constexpr std::uint64_t smallest = 16 * page;  // of a Memory, header and data

Status status_of(abi::Error error) {
    switch (error) {
        case abi::Error::no_memory:    return Status::no_space;
        case abi::Error::out_of_range: return Status::too_big;
        default:                       return ipc::to_status(error);
    }
}

Result<void> done(const ipc::KernelResult<void>& result) {
    if (!result) {
        return base::fail(status_of(result.error()));
    }
    return {};
}

class MemoryFile final : public FileData {
public:
    MemoryFile(ipc::Capability<ipc::Memory> memory, ipc::Ref<ipc::Bank> bank)
        : memory_(std::move(memory)), bank_(bank) {}

    Result<void> read(std::uint64_t offset, std::span<std::byte> buffer) override;
    Result<void> write(std::uint64_t offset, std::span<const std::byte> data) override;
    Result<void> resize(std::uint64_t size) override;
    Result<void> reserve(std::uint64_t offset, std::uint64_t length) override;
    Result<MappedFile> map(bool writable) override;
    Result<void> leave_writers() override;

private:
    Result<void> ensure_capacity(std::uint64_t bytes);
    Result<void> clear(std::uint64_t from, std::uint64_t to);
    Result<void> update_header();
    Result<void> write_header(std::uint64_t size);

    ipc::Capability<ipc::Memory> memory_;
    ipc::Ref<ipc::Bank> bank_;
    std::uint64_t capacity_ = smallest;
    std::uint64_t size_ = 0;
    std::uint64_t generation_ = 0;
    bool mapped_ = false;          // somebody reads the header
    bool written_behind_ = false;  // somebody may write beyond the end
};

Result<void> MemoryFile::read(std::uint64_t offset, std::span<std::byte> buffer) {
    while (!buffer.empty()) {
        const std::size_t length = std::min<std::size_t>(buffer.size(), abi::message_bytes);
        const auto bytes = memory_->read(data_offset + offset, length);
        if (!bytes) {
            return base::fail(status_of(bytes.error()));
        }
        if (bytes->data() != buffer.data()) {
            std::ranges::copy(*bytes, buffer.begin());
        }
        buffer = buffer.subspan(length);
        offset += length;
    }
    return {};
}

Result<void> MemoryFile::write(std::uint64_t offset, std::span<const std::byte> data) {
    while (!data.empty()) {
        const std::size_t length = std::min<std::size_t>(data.size(), abi::message_bytes);
        TRY(done(memory_->write(data_offset + offset, data.first(length))));
        data = data.subspan(length);
        offset += length;
    }
    return update_header();
}

Result<void> MemoryFile::ensure_capacity(std::uint64_t bytes) {
    if (bytes <= capacity_) {
        return {};
    }
    const std::uint64_t wanted = std::max(base::align_up(bytes, page), capacity_ * 2);
    TRY(done(memory_->resize(wanted)));
    capacity_ = wanted;
    return {};
}

// Makes a range of the data zero, whole pages by giving them back. Keeps the message page, which may
// hold what is to be written next.
Result<void> MemoryFile::clear(std::uint64_t from, std::uint64_t to) {
    const std::uint64_t first_page = base::align_up(from, page);
    if (from < first_page && from < to) {
        std::array<std::byte, abi::message_bytes> kept;
        std::ranges::copy(ipc::message_page(), kept.begin());
        const std::array<std::byte, page> zeros{};
        const std::uint64_t length = std::min(first_page, to) - from;
        TRY(done(memory_->write(data_offset + from, std::span{zeros}.first(length))));
        std::ranges::copy(kept, ipc::message_page().begin());
    }
    if (first_page < to) {
        TRY(done(
            memory_->decommit({data_offset + first_page, base::align_up(to, page) - first_page})));
    }
    return {};
}

Result<void> MemoryFile::resize(std::uint64_t size) {
    TRY(ensure_capacity(data_offset + size));
    if (size < size_) {
        TRY(clear(size, size_));
    } else if (written_behind_) {
        TRY(clear(size_, std::min(size, base::align_up(size_, page))));
    }
    size_ = size;
    return update_header();
}

Result<void> MemoryFile::reserve(std::uint64_t offset, std::uint64_t length) {
    const std::uint64_t first = base::align_down(offset, page);
    const std::uint64_t end = base::align_up(offset + length, page);
    TRY(ensure_capacity(data_offset + end));
    return done(memory_->commit({data_offset + first, end - first}));
}

// Keeps the message page: a write that makes the file longer resizes it first, with the data waiting
// there.
Result<void> MemoryFile::update_header() {
    ++generation_;
    if (!mapped_) {
        return {};
    }
    return write_header(size_);
}

Result<void> MemoryFile::write_header(std::uint64_t size) {
    const fs::FileHeader header{.size = size, .generation = generation_};
    const auto place = ipc::message_page().first<sizeof header>();
    std::array<std::byte, sizeof header> kept;
    std::ranges::copy(place, kept.begin());
    const auto written = done(memory_->write(0, std::as_bytes(std::span{&header, 1})));
    std::ranges::copy(kept, place.begin());
    return written;
}

Result<MappedFile> MemoryFile::map(bool writable) {
    using Rights = abi::MemoryRights;
    auto copy = ipc::copy(memory_.ref(),
                          writable ? Rights::read | Rights::write : Rights::read | Rights::execute);
    if (!copy) {
        return base::fail(status_of(copy.error()));
    }
    mapped_ = true;
    written_behind_ = written_behind_ || writable;
    TRY(update_header());
    return MappedFile{.memory = std::move(*copy), .data_offset = data_offset};
}

// The old Memory is theirs and, until they ask anew, that of all who have mapped it.
Result<void> MemoryFile::leave_writers() {
    if (!written_behind_) {
        return {};
    }
    auto own = memory_->clone(bank_, {0, capacity_});
    if (!own) {
        return base::fail(status_of(own.error()));
    }
    TRY(write_header(fs::FileHeader::moved));
    memory_ = std::move(*own);
    mapped_ = false;
    written_behind_ = false;
    return clear(size_, base::align_up(size_, page));
}

}  // namespace

Result<std::unique_ptr<Store>> MemoryStore::create(ipc::Ref<ipc::Bank> payer, std::uint64_t limit) {
    auto bank = payer->create_bank(limit);
    if (!bank) {
        return base::fail(status_of(bank.error()));
    }
    return std::unique_ptr<Store>{new MemoryStore{std::move(*bank)}};
}

MemoryStore::~MemoryStore() { (void)bank_->destroy(); }

Result<std::unique_ptr<FileData>> MemoryStore::make() {
    auto memory = bank_->create_memory(smallest);
    if (!memory) {
        return base::fail(status_of(memory.error()));
    }
    return std::make_unique<MemoryFile>(std::move(*memory), bank_.ref());
}

StoreUsage MemoryStore::usage() {
    const auto bank = bank_->query();
    if (!bank) {
        return {};
    }
    const std::uint64_t limit = std::min(bank->limit, bank->charged + bank->machine_free);
    return {.limit_bytes = limit, .free_bytes = limit - std::min(limit, bank->charged)};
}

}  // namespace fs_server
