// SPDX-License-Identifier: MIT
#include "linux/fd/parcel.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "linux/fd/adopt.hpp"

namespace linux::fd {

namespace {

using process::ImageDescriptor;

constexpr abi::CapIndex records_slot = 1, first_content = 2;
constexpr std::uint64_t count_bytes = 8;  // the records follow
constexpr std::uint64_t all_places = (std::uint64_t{1} << Shelf::places) - 1;

struct Contents {
    std::vector<ImageDescriptor> records;  // naming slots of the sender
    std::uint64_t capabilities = 0;
};

Result<Contents> describe_all(std::span<const Handle> descriptions) {
    Contents contents;
    for (const Handle& description : descriptions) {
        ImageDescriptor record{};
        if (!description->describe(record)) {
            return base::fail(Errno::einval);
        }
        description->share();
        contents.records.push_back(record);
        contents.capabilities += static_cast<std::uint64_t>(
            std::ranges::count_if(record.capabilities, [](abi::CapIndex c) { return c != 0; }));
    }
    return contents;
}

// Large things go through the message page in parts.
Result<void> write_all(ipc::Ref<ipc::Memory> memory, std::span<const std::byte> bytes) {
    for (std::size_t at = 0; at < bytes.size(); at += abi::message_bytes) {
        const std::size_t part = std::min(abi::message_bytes, bytes.size() - at);
        TRY(or_errno(memory->write(at, bytes.subspan(at, part))));
    }
    return {};
}

bool read_all(ipc::Ref<ipc::Memory> memory, std::uint64_t from, std::span<std::byte> to) {
    for (std::size_t at = 0; at < to.size(); at += abi::message_bytes) {
        const std::size_t part = std::min(abi::message_bytes, to.size() - at);
        const auto got = memory->read(from + at, part);
        if (!got) {
            return false;
        }
        std::ranges::copy(*got, to.begin() + static_cast<std::ptrdiff_t>(at));
    }
    return true;
}

// The records, if what should hold them does.
std::vector<ImageDescriptor> read_records(const Parcel& parcel) {
    const auto memory = parcel->take<ipc::Memory>(records_slot);
    if (!memory || !is_object(memory->index(), abi::ObjectType::memory)) {
        return {};
    }
    std::uint64_t count = 0;
    if (!read_all(*memory, 0, std::as_writable_bytes(std::span{&count, 1})) ||
        count > most_passed) {
        return {};
    }
    std::vector<ImageDescriptor> records(count);
    if (!read_all(*memory, count_bytes, std::as_writable_bytes(std::span{records}))) {
        return {};
    }
    return records;
}

// Takes over the capabilities that the record names, each of which can be taken once.
Result<Handle> open_record(const Parcel& parcel, ImageDescriptor record) {
    std::array<ipc::Capability<ipc::Any>, ImageDescriptor::most_capabilities> taken;
    for (std::size_t i = 0; i < taken.size(); ++i) {
        if (record.capabilities[i] != abi::no_capability) {
            taken[i] = TRY(or_errno(parcel->take<ipc::Any>(record.capabilities[i])));
        }
    }
    for (std::size_t i = 0; i < taken.size(); ++i) {
        record.capabilities[i] = taken[i].release();
    }
    return adopt_description(record);
}

}  // namespace

Result<Parcel> pack(std::span<const Handle> descriptions) {
    Contents contents = TRY(describe_all(descriptions));
    const ipc::Ref<ipc::Bank> bank{process::container_bank};
    auto parcel = TRY(or_errno(bank->create_cap_table(first_content + contents.capabilities)));
    abi::CapIndex next = first_content;
    for (ImageDescriptor& record : contents.records) {
        for (abi::CapIndex& slot : record.capabilities) {
            if (slot != abi::no_capability) {
                TRY(or_errno(parcel->copy(ipc::AnyRef{slot}, abi::all_rights, next)));
                slot = next++;
            }
        }
    }
    const std::uint64_t count = contents.records.size();
    const auto records = std::as_bytes(std::span{contents.records});
    std::vector<std::byte> bytes(count_bytes + records.size());
    std::memcpy(bytes.data(), &count, sizeof count);
    std::memcpy(bytes.data() + count_bytes, records.data(), records.size());
    auto memory = TRY(or_errno(bank->create_memory((bytes.size() + abi::page_size - 1) &
                                                   ~std::uint64_t{abi::page_size - 1})));
    TRY(write_all(memory, bytes));
    TRY(or_errno(parcel->move(std::move(memory), records_slot)));
    return parcel;
}

Unpacked unpack(const Parcel& parcel) {
    Unpacked result;
    const auto records = read_records(parcel);
    result.complete = !records.empty();
    for (const ImageDescriptor& record : records) {
        auto opened = open_record(parcel, record);
        if (opened) {
            (*opened)->share();  // it may be one that this process has already
            result.descriptions.push_back(std::move(*opened));
        } else {
            result.complete = false;
        }
    }
    return result;
}

std::optional<std::uint32_t> Shelf::take_place() {
    std::uint32_t used = used_->load();
    while ((used & all_places) != all_places) {
        const auto place = static_cast<std::uint32_t>(std::countr_one(used));
        if (used_->compare_exchange_weak(used, used | 1U << place)) {
            return place;
        }
    }
    return std::nullopt;
}

// A place that cannot be filled is taken by something that somebody left there, and stays taken.
std::optional<std::uint32_t> Shelf::put(Parcel& parcel) {
    const auto place = take_place();
    if (!place || !table_->move(std::move(parcel), first_ + *place)) {
        return std::nullopt;
    }
    return *place + 1;
}

Parcel Shelf::take(std::uint32_t note) {
    const std::uint32_t place = note - 1;
    if (place >= places) {
        return {};
    }
    auto taken = table_->take<ipc::CapTable>(first_ + place);
    free_place(place);
    if (!taken || !is_object(taken->index(), abi::ObjectType::cap_table)) {
        return {};
    }
    return std::move(*taken);
}

void Shelf::clear() {
    for (std::uint32_t place = 0; place < places; ++place) {
        (void)table_->remove(first_ + place);
        free_place(place);
    }
}

}  // namespace linux::fd
