// SPDX-License-Identifier: MIT
// Operations on Memory objects: written, copied, grown and shrunk, and supplied with pages.
#include "kernel/debug/model/run.hpp"

namespace model {

void Run::write() {
    const std::uint32_t at = slot(ObjectType::memory);
    if (type_at(at) != ObjectType::memory) {
        return;
    }
    auto& pages = model_.objects[object_at(at)].pages;
    const std::uint64_t index = pick(pages.size() + 1);
    const std::uint64_t value = ++value_;
    Error wanted = lookup(at, ObjectType::memory, abi::MemoryRights::write);
    if (wanted == Error::ok) {
        wanted = model_.lack(object_at(at), index);
    }
    std::memcpy(user().message_page(), &value, sizeof(value));
    user().enter(Syscall::call, at,
                 abi::make_tag(static_cast<std::uint16_t>(MemoryOp::write), sizeof(value)),
                 {index * page});
    done_ += "domain " + std::to_string(domain_) + " writes page " + std::to_string(index) +
             " of slot " + std::to_string(at) + "\n";
    expect(user().answer().error, wanted);
    if (wanted == Error::ok) {
        pages[index] = value;
    }
}

void Run::clone_memory() {
    const std::uint32_t at = slot(ObjectType::memory);
    const std::uint32_t from = slot(ObjectType::bank);
    if (type_at(at) != ObjectType::memory) {
        return;
    }
    const Id id = object_at(at);
    const model::Object original = model_.objects[id];
    const std::uint64_t first = pick(original.pages.size());
    const std::uint64_t count = 1 + pick(original.pages.size() - first);
    Error wanted = lookup(at, ObjectType::memory, abi::MemoryRights::read);
    if (wanted == Error::ok) {
        wanted = lookup(from, ObjectType::bank, abi::BankRights::create);
    }
    if (wanted == Error::ok) {
        wanted = model_.can_take(domains_[domain_].table, 0);
    }
    const host::Answer got = call(at, MemoryOp::clone, {from, first * page, count * page}, wanted);
    if (wanted != Error::ok || !got.ok()) {
        return;
    }
    model::Object object{.type = ObjectType::memory, .bank = object_at(from)};
    object.pages.resize(count);
    if (!model_.is_anonymous(id)) {
        object.source = original.source != 0 ? original.source : id;
        object.source_first = original.source_first + first;
        object.lost = original.lost;
    }
    // What the pager's own Memory has stays there, and is seen through it.
    for (std::uint64_t i = 0; i < count && object.source != id; ++i) {
        object.pages[i] = original.pages[first + i];
    }
    add_object(std::move(object), got.cap());
}

void Run::change_size() {
    const std::uint32_t at = slot(ObjectType::memory);
    if (type_at(at) != ObjectType::memory) {
        return;
    }
    const Id id = object_at(at);
    auto& pages = model_.objects[id].pages;
    const bool decommit = pick(2) != 0;
    const std::uint64_t count = 1 + pick(decommit ? pages.size() : 6);
    const Error wanted = lookup(at, ObjectType::memory, abi::MemoryRights::manage);
    call(at, decommit ? MemoryOp::decommit : MemoryOp::resize,
         {decommit ? 0 : count * page, count * page}, wanted);
    if (wanted != Error::ok) {
        return;
    }
    using Page = std::optional<std::uint64_t>;
    const Page fresh = model_.is_anonymous(id) ? Page{0} : std::nullopt;
    if (decommit) {
        std::fill_n(pages.begin(), count, fresh);
    } else {
        pages.resize(count, fresh);
    }
}

// What a pager does, from an anonymous Memory whose pages are made its own before.
void Run::supply() {
    const std::uint32_t at = slot(ObjectType::memory);
    const std::uint32_t from = slot(ObjectType::memory);
    if (type_at(at) != ObjectType::memory || type_at(from) != ObjectType::memory ||
        !model_.is_anonymous(object_at(from))) {
        return;
    }
    const Id to = object_at(at);
    auto& target = model_.objects[to].pages;
    auto& source = model_.objects[object_at(from)].pages;
    const std::uint64_t first = pick(target.size());
    const std::uint64_t count = 1 + pick(std::min(target.size() - first, source.size()));
    const std::uint64_t from_first = pick(source.size() - count + 1);
    const Error committed = lookup(from, ObjectType::memory, abi::MemoryRights::write);
    call(from, MemoryOp::commit, {from_first * page, count * page}, committed);
    Error wanted = lookup(at, ObjectType::memory, abi::MemoryRights::manage);
    if (wanted == Error::ok) {
        wanted = lookup(from, ObjectType::memory, abi::MemoryRights::manage);
    }
    const bool paged = model_.objects[to].pager != 0 || model_.objects[to].lost;
    if (wanted == Error::ok && (!paged || to == object_at(from))) {
        wanted = Error::invalid_argument;
    }
    if (wanted == Error::ok && committed != Error::ok) {
        return;  // whether its pages are shared with a copy, the model does not know
    }
    call(at, MemoryOp::supply, {first * page, count * page, from, from_first * page}, wanted);
    for (std::uint64_t i = 0; i < count && wanted == Error::ok; ++i) {
        if (!target[first + i]) {
            target[first + i] = std::exchange(source[from_first + i], 0);
        }
    }
}

}  // namespace model
