"""Amazon Bedrock: a model that judges threads."""
