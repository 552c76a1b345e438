"""The MCP server: what an agent may see and do, over the same operations as every other client."""
