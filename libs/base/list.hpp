// SPDX-License-Identifier: MIT
// Intrusive doubly linked lists. The links live in the elements: inserting cannot fail, removing is
// O(1).
//
//   struct Thread { base::ListLink queue_link; };
//   base::List<Thread, &Thread::queue_link> queue;
//
// A link is in at most one list. An element must be removed before it dies; the list does not own
// its elements. T may be a class that is derived from the one with the link, and not be known yet where
// the list is declared:
//
//   class Thread;  // is going to be one of ThreadLinks
//   base::List<ThreadLinks, &ThreadLinks::queue_link, Thread> queue;
#pragma once

#include <cstddef>

namespace base {

struct ListLink {
    ListLink* next = nullptr;
    ListLink* previous = nullptr;

    constexpr ListLink() = default;
    ListLink(const ListLink&) = delete;
    ListLink& operator=(const ListLink&) = delete;

    [[nodiscard]] bool linked() const { return next != nullptr; }
    void unlink() {
        next->previous = previous;
        previous->next = next;
        next = nullptr;
    }
    void unlink_if_linked() {
        if (linked()) {
            unlink();
        }
    }
};

template <class Holder, ListLink Holder::* Link, class T = Holder>
class List {
public:
    constexpr List() {
        head_.next = &head_;
        head_.previous = &head_;
    }

    [[nodiscard]] bool empty() const { return head_.next == &head_; }
    [[nodiscard]] T* front() const { return empty() ? nullptr : element(head_.next); }
    // The first one of a list that is not empty.
    [[nodiscard]] T& first() const { return *element(head_.next); }
    [[nodiscard]] T* back() const { return empty() ? nullptr : element(head_.previous); }
    // The element after `item`, or nullptr at the end.
    [[nodiscard]] T* next(const Holder& item) const {
        ListLink* link = (item.*Link).next;
        return link == &head_ ? nullptr : element(link);
    }
    // Is this element, which is in a list, the only one there?
    [[nodiscard]] static bool is_alone(const Holder& item) {
        return (item.*Link).next == (item.*Link).previous;
    }

    // The first one of which holds(const T&) is true, or nullptr.
    template <class Holds>
    [[nodiscard]] T* find(Holds&& holds) const {
        T* item = front();
        while (item != nullptr && !holds(*item)) {
            item = next(*item);
        }
        return item;
    }

    void push_back(Holder& item) { insert(item.*Link, *head_.previous, head_); }
    void push_front(Holder& item) { insert(item.*Link, head_, *head_.next); }
    // Puts `item` right before `position`, which is in this list.
    void insert_before(Holder& item, Holder& position) {
        insert(item.*Link, *(position.*Link).previous, position.*Link);
    }
    static void insert_after(Holder& item, Holder& position) {
        insert(item.*Link, position.*Link, *(position.*Link).next);
    }
    static void remove(Holder& item) { (item.*Link).unlink(); }
    T* pop_front() {
        T* item = front();
        if (item != nullptr) {
            remove(*item);
        }
        return item;
    }

    // All of `other` comes to the end of this one, in O(1).
    void take_all(List& other) {
        if (other.empty()) {
            return;
        }
        other.head_.next->previous = head_.previous;
        head_.previous->next = other.head_.next;
        other.head_.previous->next = &head_;
        head_.previous = other.head_.previous;
        other.head_.next = &other.head_;
        other.head_.previous = &other.head_;
    }

    // Calls visit(element) for each; the element may be removed during its own visit.
    template <class Visit>
    void for_each(Visit&& visit) {
        for (ListLink* link = head_.next; link != &head_;) {
            ListLink* following = link->next;
            visit(*element(link));
            link = following;
        }
    }

private:
    static void insert(ListLink& link, ListLink& before, ListLink& after) {
        link.previous = &before;
        link.next = &after;
        before.next = &link;
        after.previous = &link;
    }
    static T* element(ListLink* link) {
        // The offset of a member, as container_of everywhere: T is a standard class with the link
        // inside.
        alignas(Holder) static char probe[sizeof(Holder)];
        const auto offset =
            reinterpret_cast<char*>(&(reinterpret_cast<Holder*>(probe)->*Link)) - probe;
        // (By references: a pointer that is cast may be null, and would be looked at.)
        return &static_cast<T&>(*reinterpret_cast<Holder*>(reinterpret_cast<char*>(link) - offset));
    }

    mutable ListLink head_;
};

}  // namespace base
