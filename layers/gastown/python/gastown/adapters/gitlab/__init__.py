"""GitLab: merge requests and branches of one instance, gitlab.com or self-managed.

Nothing above `bootstrap` knows this folder, and it knows no other adapter.
"""
