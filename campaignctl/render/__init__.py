"""Values to text: plans, outcomes, errors, states. Pure; what is foreign passes through `escape`."""
