"""DynamoDB: the towns' tables and the directory. Every access pattern stands by name in `access_patterns.md`."""
