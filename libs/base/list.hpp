// SPDX-License-Identifier: MIT
// Intrusive doubly linked lists. The links live in the elements: inserting cannot fail, removing is
// O(1).
//
//   struct Thread { base::ListLink queue_link; };
//   base::List<Thread, &Thread::queue_link> queue;
//
// A link is in at most one list. An element must be removed before it dies; the list does not own
// its elements.
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
};

template <class T, ListLink T::* Link>
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
    [[nodiscard]] T* next(const T& item) const {
        ListLink* link = (item.*Link).next;
        return link == &head_ ? nullptr : element(link);
    }

    void push_back(T& item) { insert(item.*Link, *head_.previous, head_); }
    void push_front(T& item) { insert(item.*Link, head_, *head_.next); }
    // Puts `item` right before `position`, which is in this list.
    void insert_before(T& item, T& position) {
        insert(item.*Link, *(position.*Link).previous, position.*Link);
    }
    static void insert_after(T& item, T& position) {
        insert(item.*Link, position.*Link, *(position.*Link).next);
    }
    static void remove(T& item) { (item.*Link).unlink(); }
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
        alignas(T) static char probe[sizeof(T)];
        const auto offset = reinterpret_cast<char*>(&(reinterpret_cast<T*>(probe)->*Link)) - probe;
        return reinterpret_cast<T*>(reinterpret_cast<char*>(link) - offset);
    }

    mutable ListLink head_;
};

}  // namespace base
