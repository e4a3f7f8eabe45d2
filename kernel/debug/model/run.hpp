// SPDX-License-Identifier: MIT
// Run: one sequence of operations on the kernel and on the model, by domains whose threads take turns. What the numbers of a
// step mean depends on what there is.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "kernel/arch/host/kernel_fixture.hpp"
#include "kernel/debug/model/model.hpp"
#include "kernel/object/address_space.hpp"
#include "kernel/object/cap_table.hpp"
#include "kernel/object/memory.hpp"
#include "kernel/object/work.hpp"

namespace model {

using abi::CapTableOp;
using abi::CapTableRights;
using abi::MapFlags;
using abi::MemoryOp;
using abi::Syscall;
using host::User;

constexpr std::uint64_t page = abi::page_size;
constexpr int domains = 3;
constexpr std::uint32_t table_slots = 30;
constexpr std::uint64_t window = 0x5000'0000;
constexpr std::uint64_t window_pages = 8;

using Step = std::array<std::uint32_t, 11>;
using Sequence = std::vector<Step>;

enum Slot : std::uint32_t { own_table = 1, own_space, own_bank, meeting };

struct Domain {
    Id table = 0, space = 0, bank = 0;
    kernel::Thread* thread = nullptr;
};

class Run {
public:
    Run() {
        kernel::Work::chunk = 1;  // whatever can be done in steps is
        set_up();
    }

    // What went wrong, or nothing.
    std::string step(const Step& step) {
        wrong_.clear();
        arguments_ = step;
        next_ = 0;
        domain_ = static_cast<int>(pick(domains));
        switch_to(domain_);
        operate();
        if (wrong_.empty()) {
            model_.settle();
            wrong_ = model::difference(model_);
        }
        if (const char* broken = kernel_broken_invariant(); wrong_.empty() && broken != nullptr) {
            wrong_ = broken;
        }
        return wrong_;
    }
    [[nodiscard]] const std::string& done() const { return done_; }

private:
    // ---- set-up
    void set_up() {
        User& init = host::init();
        outer_ = init.create(ObjectType::bank, std::uint64_t{24} << 20);
        const auto make = [&](ObjectType type, std::uint64_t w1 = 0, std::uint64_t w2 = 0,
                              std::uint64_t w3 = 0) {
            return init.create(type, w1, w2, w3, 0, 0, outer_);
        };
        init_table_ = model_.add(
            {.type = ObjectType::cap_table, .in_use = true, .real = real(abi::boot_own_table)});
        const Id outer = model_.add({.type = ObjectType::bank, .in_use = true});
        const abi::CapIndex desk = make(ObjectType::endpoint);
        const Id desk_cap = root(desk, ObjectType::endpoint, outer);
        for (Domain& domain : domains_) {
            const abi::CapIndex bank = make(ObjectType::bank, std::uint64_t{6} << 20);
            const abi::CapIndex table = make(ObjectType::cap_table, table_slots);
            const abi::CapIndex space = make(ObjectType::address_space);
            const abi::CapIndex pages = make(ObjectType::memory, 2 * page);
            const abi::CapIndex thread = make(ObjectType::thread, space, table, pages);
            const abi::CapIndex context =
                make(ObjectType::sched_context, abi::boot_sched_context, 100);
            init.call(context, abi::SchedContextOp::bind, {thread});
            init.call(thread, abi::ThreadOp::set_upcalls, {0, 0x7000, 0});
            domain.thread = static_cast<kernel::Thread*>(real_object(thread));
            const Id table_cap = root(table, ObjectType::cap_table, outer);
            domain.table = model_.capabilities[table_cap].object;
            model_.objects[domain.table].slots = table_slots;
            give(domain, table, table_cap, own_table);
            const Id space_cap = root(space, ObjectType::address_space, outer);
            domain.space = model_.capabilities[space_cap].object;
            give(domain, space, space_cap, own_space);
            const Id bank_cap = root(bank, ObjectType::bank, outer);
            domain.bank = model_.capabilities[bank_cap].object;
            give(domain, bank, bank_cap, own_bank, abi::BankRights::create);
            give(domain, desk, desk_cap, meeting);
            init.call(thread, abi::ThreadOp::start, {0x400000});
        }
        const abi::CapIndex sleep = make(ObjectType::notification);
        init.enter(Syscall::wait, sleep);
    }
    static kernel::Object* real_object(abi::CapIndex index) {
        return static_cast<kernel::Thread&>(host::init().context()).table().find(index)->object;
    }
    static const void* real(abi::CapIndex index) { return real_object(index); }
    // A capability of the first process, which the domains' are derived from.
    Id root(abi::CapIndex index, ObjectType type, Id bank) {
        const Id object =
            model_.add({.type = type, .bank = bank, .in_use = true, .real = real(index)});
        return model_.put(
            {.object = object, .table = init_table_, .slot = index, .rights = abi::all_rights});
    }
    void give(const Domain& domain, abi::CapIndex index, Id source, std::uint32_t slot,
              std::uint8_t rights = abi::all_rights) {
        const abi::CapIndex table = model_.capabilities[model_table_cap(domain.table)].slot;
        host::init().call(table, CapTableOp::copy, {index, rights, slot});
        model_.derive(source, domain.table, slot, rights);
    }
    Id model_table_cap(Id table) {
        for (const auto& [id, capability] : model_.capabilities) {
            if (capability.object == table && capability.table == init_table_) {
                return id;
            }
        }
        return 0;
    }

    // ---- the numbers of a step
    std::uint64_t pick(std::uint64_t below) {
        return arguments_[next_++ % arguments_.size()] % below;
    }
    // A slot of the domain that holds something of this type (none: anything, perhaps nothing).
    std::uint32_t slot(ObjectType type = ObjectType::none) {
        const auto start = static_cast<std::uint32_t>(pick(table_slots));
        const bool exact = pick(8) == 0;
        for (std::uint32_t i = 0; i < table_slots && !exact; ++i) {
            const std::uint32_t at = (start + i) % table_slots;
            if (type == ObjectType::none ? capability(at) != 0 : type_at(at) == type) {
                return at;
            }
        }
        return start;
    }
    // What a domain stands on is rarely taken away from it.
    bool spare(std::uint64_t at) { return at <= meeting && pick(30) != 0; }
    Id capability(std::uint32_t at) const { return model_.at(domains_[domain_].table, at); }
    ObjectType type_at(std::uint32_t at) const {
        const Id id = capability(at);
        return id == 0 ? ObjectType::none
                       : model_.objects.at(model_.capabilities.at(id).object).type;
    }
    // The error of using this slot as an object of this type.
    Error lookup(std::uint32_t at, ObjectType type, std::uint8_t right) const {
        const Id id = capability(at);
        return id == 0                                                ? Error::invalid_capability
               : type_at(at) != type                                  ? Error::wrong_type
               : (model_.capabilities.at(id).rights & right) != right ? Error::missing_right
                                                                      : Error::ok;
    }
    Id object_at(std::uint32_t at) const { return model_.capabilities.at(capability(at)).object; }

    // ---- doing
    User user() { return User(*domains_[domain_].thread); }
    void switch_to(int domain) {
        while (host::running() != domains_[domain].thread) {
            User(*host::running()).enter(Syscall::yield, 0);
        }
    }
    template <class Label>
    host::Answer call(std::uint32_t at, Label label, const host::Words& words, Error wanted,
                      std::size_t payload = 0) {
        user().enter(Syscall::call, at, abi::make_tag(static_cast<std::uint16_t>(label), payload),
                     words);
        const host::Answer got = user().answer();
        done_ += "domain " + std::to_string(domain_) + ": slot " + std::to_string(at) + " label " +
                 std::to_string(static_cast<int>(label));
        for (const std::uint64_t word : words) {
            done_ += " " + std::to_string(word);
        }
        done_ += " -> " + std::to_string(static_cast<int>(got.error)) + "\n";
        expect(got.error, wanted);
        return got;
    }
    void expect(Error got, Error wanted) {
        if (got != wanted) {
            wrong_ = "error " + std::to_string(static_cast<int>(got)) + " instead of " +
                     std::to_string(static_cast<int>(wanted));
        }
    }
    // The slot that the kernel chose must have been free.
    std::uint32_t chosen(Id table, std::uint64_t index) {
        if (index == 0 || model_.at(table, index) != 0) {
            wrong_ = "the chosen slot " + std::to_string(index) + " was in use";
        }
        return static_cast<std::uint32_t>(index);
    }

    void operate() {
        switch (pick(22)) {
            case 0:
            case 1:
            case 2:  insert(CapTableOp::copy); break;
            case 3:  insert(CapTableOp::mint); break;
            case 4:  insert(CapTableOp::move); break;
            case 5:
            case 6:  remove(CapTableOp::remove); break;
            case 7:  remove(CapTableOp::revoke); break;
            case 8:  fill(); break;
            case 9:
            case 10: create(); break;
            case 11: write(); break;
            case 12: clone_memory(); break;
            case 13: change_size(); break;
            case 14: map(); break;
            case 15: unmap(); break;
            case 16:
            case 17: touch(); break;
            case 18: destroy_bank(); break;
            case 19:
            case 20: supply(); break;
            default: send(); break;
        }
    }

    // ---- capabilities
    void insert(CapTableOp op) {
        const std::uint32_t at = slot(ObjectType::cap_table);
        const std::uint32_t from =
            slot(op == CapTableOp::mint ? ObjectType::endpoint : ObjectType::none);
        const auto rights = static_cast<std::uint8_t>(pick(2) != 0 ? abi::all_rights : pick(256));
        const std::uint64_t to = pick(3) != 0 ? 0 : pick(table_slots + 2);
        Error wanted = lookup(at, ObjectType::cap_table, CapTableRights::insert);
        if ((type_at(at) != ObjectType::cap_table && wanted != Error::invalid_capability) ||
            (op == CapTableOp::move && spare(from))) {
            return;
        }
        const Id source = capability(from);
        if (wanted == Error::ok && source == 0) {
            wanted = Error::invalid_capability;
        }
        if (wanted == Error::ok && op == CapTableOp::mint) {
            const auto& content = model_.capabilities.at(source);
            const bool mintable =
                type_at(from) == ObjectType::endpoint || type_at(from) == ObjectType::notification;
            wanted = !mintable ? Error::wrong_type
                     : (content.rights & abi::EndpointRights::mint) == 0 || content.badged
                         ? Error::missing_right
                         : Error::ok;
        }
        const Id table = wanted == Error::ok ? object_at(at) : 0;
        if (table != 0) {
            wanted = model_.can_take(table, to);
        }
        const host::Answer got = call(at, op, {from, rights, to, 77}, wanted);
        if (!got.ok() || wanted != Error::ok) {
            return;
        }
        const std::uint32_t place = chosen(table, got.cap());
        if (op == CapTableOp::move) {
            model_.move(source, table, place);
            return;
        }
        const Id made = model_.derive(source, table, place, rights);
        if (op == CapTableOp::mint) {
            model_.capabilities[made].badge = 77;
            model_.capabilities[made].badged = true;
        }
    }
    void remove(CapTableOp op) {
        const std::uint32_t at = slot(ObjectType::cap_table);
        const std::uint64_t which = pick(2) != 0 ? slot() : pick(table_slots + 2);
        if (type_at(at) != ObjectType::cap_table || spare(which)) {
            return;
        }
        Error wanted = lookup(at, ObjectType::cap_table, CapTableRights::manage);
        const Id table = object_at(at);
        const Id id = model_.at(table, which);
        const bool lost = op == CapTableOp::remove && model_.lost.contains({table, which});
        if (wanted == Error::ok && id == 0 && !lost) {
            wanted = Error::invalid_capability;
        }
        call(at, op, {which}, wanted);
        if (wanted == Error::ok && lost) {
            model_.lost.erase({table, which});
        } else if (wanted == Error::ok) {
            op == CapTableOp::remove ? model_.remove(id) : model_.revoke(id);
        }
    }
    // One that is moved out of another table.
    void fill() {
        const std::uint32_t at = slot(ObjectType::cap_table), from = slot(ObjectType::cap_table);
        const std::uint64_t which = pick(table_slots);
        if (type_at(at) != ObjectType::cap_table || type_at(from) != ObjectType::cap_table ||
            spare(which)) {
            return;
        }
        const Id into = object_at(at);
        Error wanted = lookup(at, ObjectType::cap_table, CapTableRights::insert);
        if (wanted == Error::ok) {
            wanted = lookup(from, ObjectType::cap_table, CapTableRights::manage);
        }
        const Id id = model_.at(object_at(from), which);
        if (wanted == Error::ok) {
            wanted = id == 0 ? Error::invalid_capability : model_.can_take(into, 0);
        }
        const abi::Placement one{which, 0, 0, 0, 0, CapTableOp::move, {}};
        std::memcpy(user().message_page(), &one, sizeof one);
        const host::Answer got = call(at, CapTableOp::fill, {from}, wanted, sizeof one);
        if (wanted == Error::ok && got.ok()) {
            std::uint64_t place = 0;
            std::memcpy(&place, user().message_page() + offsetof(abi::Placement, slot),
                        sizeof place);
            model_.move(id, into, chosen(into, place));
        }
    }
    // One domain waits at the desk, another sends it up to four capabilities.
    void send() {
        const int sender = domain_;
        const int receiver = static_cast<int>((sender + 1 + pick(domains - 1)) % domains);
        const auto has_desk = [&](int domain) {
            const Id id = model_.at(domains_[domain].table, meeting);
            return id != 0 && !model_.capabilities.at(id).badged &&
                   model_.capabilities.at(id).rights == abi::all_rights &&
                   model_.objects.at(model_.capabilities.at(id).object).type ==
                       ObjectType::endpoint &&
                   model_.objects.at(model_.capabilities.at(id).object).bank == 2;
        };
        if (!has_desk(sender) || !has_desk(receiver)) {
            return;
        }
        const std::uint64_t count = pick(4) + 1;
        const bool moves = pick(2) != 0;
        std::array<std::uint32_t, 4> slots{};
        for (std::uint32_t& one : slots) {
            one = slot();
            if (moves && spare(one)) {
                return;
            }
        }
        switch_to(receiver);
        User(*domains_[receiver].thread).enter(Syscall::receive, meeting);
        switch_to(sender);
        std::ranges::copy(slots, user().control().capabilities);
        user().enter(Syscall::send, meeting,
                     abi::make_tag(0, 0, count, 0, moves ? abi::Tag::moves : 0));
        done_ += "domain " + std::to_string(sender) + (moves ? " moves to " : " copies to ") +
                 std::to_string(receiver) + "\n";
        expect(user().answer().error, Error::ok);
        std::vector<Id> dropped;
        for (std::uint64_t i = 0; i < count; ++i) {
            const Id source = model_.at(domains_[sender].table, slots[i]);
            const Id to = domains_[receiver].table;
            const std::uint32_t got = domains_[receiver].thread->control->capabilities[i];
            if (source == 0 || model_.full(to)) {
                if (got != 0) {
                    wrong_ = "a capability came from nowhere";
                }
                if (source != 0 && moves) {
                    dropped.push_back(source);
                }
                continue;
            }
            if (moves) {
                model_.move(source, to, chosen(to, got));
            } else {
                model_.derive(source, to, chosen(to, got), abi::all_rights);
            }
        }
        for (const Id id : dropped) {
            if (model_.capabilities.contains(id)) {
                model_.remove(id);
            }
        }
    }

    // ---- objects
    void create() {
        constexpr std::array types{ObjectType::endpoint,  ObjectType::memory,
                                   ObjectType::memory,    ObjectType::bank,
                                   ObjectType::cap_table, ObjectType::notification};
        const std::uint32_t at = slot(ObjectType::bank);
        const ObjectType type = types[pick(types.size())];
        const std::uint64_t size = 1 + pick(5);
        if (type_at(at) != ObjectType::bank) {
            return;
        }
        Error wanted = lookup(at, ObjectType::bank, abi::BankRights::create);
        const std::uint32_t pager =
            type == ObjectType::memory && pick(3) == 0 ? slot(ObjectType::endpoint) : 0;
        if (wanted == Error::ok && pager != 0) {
            wanted = lookup(pager, ObjectType::endpoint, abi::EndpointRights::receive);
        }
        if (wanted == Error::ok) {
            wanted = model_.can_take(domains_[domain_].table, 0);
        }
        const std::uint64_t argument = type == ObjectType::memory      ? size * page
                                       : type == ObjectType::bank      ? std::uint64_t{4} << 20
                                       : type == ObjectType::cap_table ? 16 + size
                                                                       : 0;
        const host::Answer got =
            call(at, abi::BankOp::create, {static_cast<std::uint64_t>(type), argument, 0, pager},
                 wanted);
        if (wanted != Error::ok || !got.ok()) {
            return;
        }
        model::Object object{.type = type, .bank = object_at(at)};
        object.slots = type == ObjectType::cap_table ? static_cast<std::uint32_t>(argument) : 0;
        object.pager = pager != 0 ? object_at(pager) : 0;
        object.pages.resize(type == ObjectType::memory ? size : 0);
        if (pager == 0) {
            std::ranges::fill(object.pages, 0);
        }
        add_object(std::move(object), got.cap());
    }
    // The domain's new object, which it names by this slot.
    void add_object(model::Object object, std::uint64_t index) {
        const Id own = domains_[domain_].table;
        const std::uint32_t place = chosen(own, index);
        object.real = domains_[domain_].thread->table().find(place)->object;
        const Id id = model_.add(std::move(object));
        model_.put({.object = id, .table = own, .slot = place, .rights = abi::all_rights});
    }
    void destroy_bank() {
        const std::uint32_t at = slot(ObjectType::bank);
        if (type_at(at) != ObjectType::bank || pick(3) != 0) {
            return;
        }
        const Error wanted = lookup(at, ObjectType::bank, abi::BankRights::manage);
        const Id bank = object_at(at);
        call(at, abi::BankOp::destroy, {}, wanted);
        if (wanted == Error::ok) {
            model_.kill(bank);
        }
    }

    // ---- memory: run_memory.cpp
    void write();
    void clone_memory();
    void change_size();
    void supply();

    // ---- mappings, in the domain's own space
    void map() {
        constexpr std::array<std::uint64_t, 3> accesses{
            MapFlags::read, MapFlags::read | MapFlags::write, MapFlags::read | MapFlags::execute};
        const std::uint32_t from = slot(ObjectType::memory);
        const std::uint64_t first = pick(window_pages);
        const std::uint64_t count = 1 + pick(3);
        const std::uint64_t offset = pick(4);
        const std::uint64_t flags = accesses[pick(accesses.size())];
        if (type_at(own_space) != ObjectType::address_space ||
            object_at(own_space) != domains_[domain_].space) {
            return;
        }
        Error wanted = lookup(own_space, ObjectType::address_space, abi::AddressSpaceRights::map);
        if (wanted == Error::ok) {
            wanted = lookup(from, ObjectType::memory, static_cast<std::uint8_t>(flags));
        }
        auto& pages = model_.spaces[domains_[domain_].space];
        for (std::uint64_t i = first; i < first + count && wanted == Error::ok; ++i) {
            wanted = pages.contains(i) ? Error::overlap : Error::ok;
        }
        call(own_space, abi::AddressSpaceOp::map,
             {from, window + first * page, count * page, offset * page, flags}, wanted);
        for (std::uint64_t i = 0; i < count && wanted == Error::ok; ++i) {
            pages[first + i] = {.memory = object_at(from),
                                .first = offset + i,
                                .flags = flags,
                                .allowed = model_.capabilities.at(capability(from)).rights};
        }
    }
    void unmap() {
        const std::uint64_t first = pick(window_pages);
        const std::uint64_t count = 1 + pick(3);
        const bool protect = pick(2) != 0;
        const std::uint64_t flags =
            pick(2) != 0 ? MapFlags::read : MapFlags::read | MapFlags::write;
        if (type_at(own_space) != ObjectType::address_space ||
            object_at(own_space) != domains_[domain_].space) {
            return;
        }
        Error wanted = lookup(own_space, ObjectType::address_space, abi::AddressSpaceRights::map);
        auto& pages = model_.spaces[domains_[domain_].space];
        if (protect && wanted == Error::ok) {
            for (std::uint64_t i = first; i < first + count; ++i) {
                wanted = pages.contains(i) ? wanted : Error::not_mapped;
            }
            for (std::uint64_t i = first; i < first + count && wanted == Error::ok; ++i) {
                wanted = (flags & ~std::uint64_t{pages[i].allowed}) != 0 ? Error::missing_right
                                                                         : Error::ok;
            }
        }
        if (protect) {
            call(own_space, abi::AddressSpaceOp::protect,
                 {window + first * page, count * page, flags}, wanted);
        } else {
            call(own_space, abi::AddressSpaceOp::unmap, {window + first * page, count * page},
                 wanted);
        }
        for (std::uint64_t i = first; i < first + count && wanted == Error::ok; ++i) {
            if (protect) {
                pages[i].flags = flags;
            } else {
                pages.erase(i);
            }
        }
    }
    void touch() {
        const std::uint64_t at = pick(window_pages + 2);
        const bool write = pick(2) != 0;
        const auto& pages = model_.spaces[domains_[domain_].space];
        const auto found = pages.find(at);
        const bool allowed =
            found != pages.end() && (!write || (found->second.flags & MapFlags::write) != 0);
        const Id memory = allowed ? found->second.memory : 0;
        const std::uint64_t index = allowed ? found->second.first : 0;
        const Error lack = allowed ? model_.lack(memory, index) : Error::bad_address;
        if (lack == Error::busy) {
            return;  // it would wait for a pager that does not come
        }
        arch::ThreadContext& context = user().context();
        const std::uint64_t rip = context.registers.rip;
        auto* got = reinterpret_cast<std::uint64_t*>(user().touch(window + at * page, write));
        context.registers.rip = rip;
        user().control().upcalls_masked = 0;
        done_ += "domain " + std::to_string(domain_) + (write ? " writes page " : " reads page ") +
                 std::to_string(at) + (got != nullptr ? "\n" : ": fault\n");
        if ((got != nullptr) != (lack == Error::ok)) {
            wrong_ = got != nullptr ? "no fault" : "a fault";
        } else if (got != nullptr && *got != model_.value(memory, index)) {
            wrong_ = "another value";
        } else if (got != nullptr && write) {
            model_.objects[memory].pages[index] = *got = ++value_;
        }
    }

    model::Model model_;
    std::array<Domain, domains> domains_{};
    abi::CapIndex outer_ = 0;
    Id init_table_ = 0;
    int domain_ = 0;
    std::uint64_t value_ = 0;
    Step arguments_{};
    std::size_t next_ = 0;
    std::string wrong_;
    std::string done_;
};

}  // namespace model
