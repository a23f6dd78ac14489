"""Where plan, state and API meet: observe, plan, settle, execute. The adapters come in as protocols."""
