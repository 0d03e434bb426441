"""How portals speak. One folder a protocol: `read.py` (client), `serve.py` (the same dialect, spoken
by us) and `record.py` (our datasets as records of that dialect). Protocols never import each other;
what they share lies beside them: `http`, `data_json`, `fields`.
"""
