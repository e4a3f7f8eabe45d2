// SPDX-License-Identifier: MIT
// An intrusive ordered tree (a treap: a binary search tree by key that is also a heap by random priorities, so that its
// depth is logarithmic with high probability whatever the keys are). Inserting allocates nothing and cannot fail.
//
//   struct Region { base::TreeNode node; std::uint64_t start; };
//   base::OrderedTree<Region, &Region::node, &Region::start> regions;
//
// Elements with the same key stand beside each other in any order. While an element is in the tree its key must not change so
// that it would stand elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace base {

struct TreeNode {
    TreeNode* left = nullptr;
    TreeNode* right = nullptr;
    TreeNode** hook = nullptr;  // the pointer to this node, while it is in a tree
    std::uint32_t priority = 0;
    bool linked = false;
};

template <class T, TreeNode T::* Node, auto KeyMember>
class OrderedTree {
public:
    using Key = std::remove_cvref_t<decltype(std::declval<const T&>().*KeyMember)>;

    [[nodiscard]] bool empty() const { return root_ == nullptr; }

    void insert(T& item) {
        TreeNode* node = &(item.*Node);
        node->priority = next_random();
        node->linked = true;
        const Key key = item.*KeyMember;
        TreeNode** link = &root_;
        while (*link != nullptr && (*link)->priority >= node->priority) {
            link = key < key_of(*link) ? &(*link)->left : &(*link)->right;
        }
        TreeNode* rest = *link;
        TreeNode** smaller = &node->left;
        TreeNode** larger = &node->right;
        while (rest != nullptr) {
            if (key_of(rest) < key) {
                hang(*rest, *smaller);
                smaller = &rest->right;
                rest = rest->right;
            } else {
                hang(*rest, *larger);
                larger = &rest->left;
                rest = rest->left;
            }
        }
        *smaller = nullptr;
        *larger = nullptr;
        hang(*node, *link);
    }

    void remove(T& item) {
        TreeNode* node = &(item.*Node);
        TreeNode** link = node->hook;
        TreeNode* left = node->left;
        TreeNode* right = node->right;
        while (left != nullptr && right != nullptr) {
            if (left->priority >= right->priority) {
                hang(*left, *link);
                link = &left->right;
                left = left->right;
            } else {
                hang(*right, *link);
                link = &right->left;
                right = right->left;
            }
        }
        if (TreeNode* rest = left != nullptr ? left : right; rest != nullptr) {
            hang(*rest, *link);
        } else {
            *link = nullptr;
        }
        node->left = nullptr;
        node->right = nullptr;
        node->linked = false;
    }

    // The element with the smallest key that is not below `key`, or nullptr.
    [[nodiscard]] T* at_or_after(Key key) const {
        T* best = nullptr;
        for (TreeNode* node = root_; node != nullptr;) {
            if (key_of(node) < key) {
                node = node->right;
            } else {
                best = element(node);
                node = node->left;
            }
        }
        return best;
    }
    // The element with the largest key that is not above `key`, or nullptr.
    [[nodiscard]] T* at_or_before(Key key) const {
        T* best = nullptr;
        for (TreeNode* node = root_; node != nullptr;) {
            if (key < key_of(node)) {
                node = node->left;
            } else {
                best = element(node);
                node = node->right;
            }
        }
        return best;
    }
    [[nodiscard]] T* first() const {
        TreeNode* node = root_;
        while (node != nullptr && node->left != nullptr) {
            node = node->left;
        }
        return node == nullptr ? nullptr : element(node);
    }
    // Calls visit(const T&) for each, in order.
    template <class Visit>
    void for_each(Visit&& visit) const {
        visit_below(root_, visit);
    }

private:
    template <class Visit>
    static void visit_below(TreeNode* node, Visit& visit) {
        if (node != nullptr) {
            visit_below(node->left, visit);
            visit(*element(node));
            visit_below(node->right, visit);
        }
    }
    static void hang(TreeNode& node, TreeNode*& link) {
        link = &node;
        node.hook = &link;
    }
    static T* element(TreeNode* node) {
        alignas(T) static char probe[sizeof(T)];
        const auto offset = reinterpret_cast<char*>(&(reinterpret_cast<T*>(probe)->*Node)) - probe;
        return reinterpret_cast<T*>(reinterpret_cast<char*>(node) - offset);
    }
    static Key key_of(TreeNode* node) { return element(node)->*KeyMember; }

    // xorshift32 (Marsaglia 2003): the priorities only need to be independent of the keys.
    std::uint32_t next_random() {
        random_ ^= random_ << 13;
        random_ ^= random_ >> 17;
        random_ ^= random_ << 5;
        return random_;
    }

    TreeNode* root_ = nullptr;
    std::uint32_t random_ = 0x9e3779b9;
};

}  // namespace base
